// Runs before the first paint: picks the theme, then starts the page.
// A file of its own, because the content security policy forbids scripts inside the document.
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  const kept = asked || localStorage.getItem("waybill.theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = kept === "light" || kept === "dark" ? kept : dark ? "dark" : "light";

  window.addEventListener("securitypolicyviolation", (event) => {
    const root = document.documentElement;
    root.dataset.cspViolations = `${root.dataset.cspViolations || ""}${event.violatedDirective} ${event.blockedURI};`;
  });

  const broken = (why) => {
    const card = document.getElementById("broken");
    if (!card) return;
    document.getElementById("broken-why").textContent = String(why);
    document.getElementById("broken-reload").onclick = () => location.reload();
    card.hidden = false;
  };
  window.addEventListener("waybill-broken", (event) => broken(event.detail));

  window.addEventListener("DOMContentLoaded", async () => {
    try {
      const page = await import("./waybill-page.js");
      await page.default({ module_or_path: "./waybill-page_bg.wasm" });
    } catch (why) {
      broken(why);
    }
  });
})();
