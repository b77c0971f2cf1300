// Makes the pictures of docs/images anew: the text report as a terminal shows it, and the HTML report.
// Usage, after `cargo test`, which installs what it needs: node docs/screenshots.mjs $(command -v chromium) target/debug/trailcheck
import {execFileSync} from "node:child_process";
import {mkdirSync, mkdtempSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";

const [executablePath, trailcheck] = process.argv.slice(2);
const puppeteer = (await import(createRequire(resolve("target/test-node/x")).resolve("puppeteer-core"))).default;
const images = "docs/images";
mkdirSync(images, {recursive: true});
const folder = mkdtempSync(join(tmpdir(), "trailcheck-"));
const fixture = "fixtures/blind_spot";
const page = join(folder, "report.html");
const command = ["check", "--config", `${fixture}/trailcheck.toml`, "--snapshot", `${fixture}/snapshot.json`];

/** What the command prints, with the colours that a terminal gets; its exit code does not matter. */
function printed(more) {
  const options = {env: {...process.env, CLICOLOR_FORCE: "1", COLUMNS: "110"}, stdio: ["ignore", "pipe", "ignore"]};
  try {
    return execFileSync(trailcheck, [...command, ...more], options).toString();
  } catch (error) {
    return error.stdout.toString();
  }
}

/** The terminal's colours as HTML. */
function html(text) {
  const colours = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea"};
  let open = 0;
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return escaped.replace(/\x1b\[([0-9;]*)m/g, (_, codes) => {
    if (codes === "0" || codes === "") {
      const closed = "</span>".repeat(open);
      open = 0;
      return closed;
    }
    open += 1;
    const parts = codes.split(";").map((code) => (colours[code] ? `color:${colours[code]}` : code === "1" ? "font-weight:bold" : ""));
    return `<span style="${parts.filter(Boolean).join(";")}">`;
  });
}

printed(["--report", `html=${page}`]);
const terminal = join(folder, "terminal.html");
const shown = `$ trailcheck ${command.join(" ")}\n${html(printed([]))}`;
writeFileSync(terminal, `<!doctype html><meta charset="utf-8"><pre style="background:#0d1117;color:#e6edf3;font:14px/1.45 monospace;
  padding:16px;margin:0;display:inline-block;white-space:pre-wrap;width:1100px">${shown}</pre>`);
const browser = await puppeteer.launch({executablePath, args: ["--no-sandbox", "--disable-gpu"]});
const tab = await browser.newPage();
await tab.setViewport({width: 1200, height: 900});
await tab.goto(`file://${terminal}`);
await (await tab.$("pre")).screenshot({path: `${images}/text.png`});
await tab.goto(`file://${page}`);
await tab.screenshot({path: `${images}/html.png`});
await browser.close();
