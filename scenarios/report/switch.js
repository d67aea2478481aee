(function () {
  var root = document.documentElement, buttons = document.querySelectorAll("button[data-lang]");
  function show(lang) {
    root.lang = lang;
    buttons.forEach(function (b) { b.setAttribute("aria-pressed", String(b.dataset.lang === lang)); });
  }
  buttons.forEach(function (b) { b.addEventListener("click", function () { show(b.dataset.lang); }); });
  document.querySelector(".switch").hidden = false;
  show(location.hash === "#en" ? "en" : "ja");
})();
