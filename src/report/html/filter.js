"use strict";
const filters = document.querySelector(".filter");
if (filters) {
  const findings = [...document.querySelectorAll(".finding")];
  const filter = () => {
    const text = filters.elements.text.value.toLowerCase();
    let count = 0;
    for (const finding of findings) {
      const asked = filters.elements[finding.dataset.outcome].checked;
      finding.hidden = !asked || (text !== "" && !finding.textContent.toLowerCase().includes(text));
      if (!finding.hidden) count += 1;
    }
    filters.querySelector("output").textContent = `${count} of ${findings.length}`;
  };
  filters.addEventListener("input", filter);
  filters.hidden = false;
  filter();
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));
