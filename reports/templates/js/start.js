// Begins. Everything above only defines.

for (const command of document.querySelectorAll(".command")) copyButton(command);
for (const box of document.querySelectorAll(".live")) new WeekView(box);
for (const table of document.querySelectorAll("table[data-sortable]")) sortGrid(table);
for (const container of document.querySelectorAll(".scroll")) focusWhereItScrolls(container);

// What only a script can draw is listed only where there is one.
for (const ask of document.querySelectorAll(".ask")) {
  ask.hidden = false;
  const rows = ask.closest("section").getAttribute("aria-labelledby");
  for (const link of document.querySelectorAll(`.contents a[href="#${rows}"]`)) {
    link.after(make("ol", {}, make("li", {}, make("a", { href: `#${ask.id}` }, "Ask your own"))));
  }
}

// Unpacking takes time and memory, so it waits until somebody comes near.
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    new RowsView(target).load();
  }
}, { rootMargin: "800px" });
for (const section of document.querySelectorAll("section.rows")) near.observe(section);

// Links to a part that is folded away must show it.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
}
addEventListener("hashchange", unfold);
unfold();

// The contents fold up again once one has chosen, and paper shows what is folded away.
for (const link of document.querySelectorAll(".contents-narrow a")) {
  link.addEventListener("click", () => { link.closest("details").open = false; });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details.more")) details.open = true;
});
