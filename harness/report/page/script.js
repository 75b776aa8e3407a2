"use strict";
(() => {
  // Everything on the page is there without this script; it only hides rows and
  // opens what a link leads to.
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const rows = all("[data-row]");
  const form = document.querySelector("form.filter");
  const cells = new Map(all("a.c").map(cell => [decodeURIComponent(cell.hash.slice(1)), cell]));

  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const row of rows) {
      row.hidden = !Object.entries(wanted).every(([key, value]) =>
        value === "" || (row.dataset[key] || "").split(" ").includes(value));
      shown += row.hidden ? 0 : 1;
      cells.get(row.id)?.classList.toggle("dim", row.hidden);
    }
    for (const group of all("[data-group]").reverse()) {
      group.hidden = !all("[data-row]", group).some(row => !row.hidden);
    }
    form.querySelector("output").value = shown + " of " + rows.length + " rows shown";
  };

  if (form) {
    form.hidden = false;
    form.addEventListener("change", apply);
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    form.querySelector("[data-open]")?.addEventListener("click", () => {
      const visible = rows.filter(row => !row.hidden);
      const open = visible.some(row => !row.open);
      for (const row of visible) row.open = open;
    });
    apply();
  }

  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    for (let e = place; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
      e.hidden = false;
    }
    place.scrollIntoView();
    place.querySelector("summary")?.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
