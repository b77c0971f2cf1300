"use strict";
const form = document.querySelector(".filter");
if (form) {
  const findings = [...document.querySelectorAll(".finding")];
  const filter = () => {
    const text = form.elements.text.value.toLowerCase();
    let count = 0;
    for (const finding of findings) {
      const asked = form.elements[finding.dataset.outcome].checked;
      finding.hidden = !asked || (text !== "" && !finding.textContent.toLowerCase().includes(text));
      if (!finding.hidden) count += 1;
    }
    form.querySelector("output").textContent = `${count} of ${findings.length}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));
