// Opens a report in Chromium as a reader would, and tells what is wrong with it.
// Usage: node page.mjs CHROMIUM PAGE.html PAGE.pdf axe|time
import {createRequire} from "node:module";
import {HtmlValidate} from "html-validate";
import puppeteer from "puppeteer-core";

const [executablePath, path, pdf, what] = process.argv.slice(2);
const wrong = [];
const browser = await puppeteer.launch({executablePath, args: ["--no-sandbox", "--disable-gpu"]});

async function open(width, prepare) {
  const page = await browser.newPage();
  await page.setViewport({width, height: 900});
  await prepare?.(page);
  page.on("console", (message) => wrong.push(`${width}: console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`${width}: script: ${error}`));
  page.on("request", (request) => {
    if (request.url() !== `file://${path}`) wrong.push(`${width}: asks for ${request.url()}`);
  });
  await page.goto(`file://${path}`, {waitUntil: "load"});
  return page;
}

try {
  if (what === "time") {
    const page = await open(1280);
    const load = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
    console.log(JSON.stringify({load}));
  } else {
    const validator = new HtmlValidate({extends: ["html-validate:standard", "html-validate:document", "html-validate:a11y"]});
    const report = await validator.validateFile(path);
    for (const message of report.results.flatMap((result) => result.messages)) {
      wrong.push(`html: ${message.line}:${message.column}: ${message.ruleId}: ${message.message}`);
    }
    for (const width of [1280, 400]) {
      const page = await open(width);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) wrong.push(`${width}: ${over} pixels wider than the window`);
      // The filter hides what is not asked for, and says how many are left.
      await page.type("input[type=search]", "no such finding");
      const left = await page.$$eval(".finding:not([hidden])", (findings) => findings.length);
      if (left !== 0) wrong.push(`${width}: the filter leaves ${left}`);
      if (width === 1280) await page.reload();
      if (width === 1280) await page.pdf({path: pdf, tagged: true, outline: true});
      await page.close();
      const looked = await open(width, (page) => page.setBypassCSP(true));
      await looked.addScriptTag({path: createRequire(import.meta.url).resolve("axe-core")});
      const result = await looked.evaluate(() => axe.run());
      for (const rule of result.violations) {
        wrong.push(`${width}: axe: ${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
      }
      await looked.close();
    }
  }
} finally {
  await browser.close();
}
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
