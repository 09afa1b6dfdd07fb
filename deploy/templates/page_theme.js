// Part of pages that are no JupyterLab. Before anything is painted: the theme that the address asks for, or the system's.
{
  const asked = new URLSearchParams(location.search).get("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const dark = asked ? asked === "dark" : system.matches;
    document.body.dataset.jpThemeLight = String(!dark);
  };
  follow();
  system.addEventListener("change", follow);
}
