// Before anything is painted, so that nobody sees a flash of the other colours: those that were chosen,
// or else the system's, as long as nobody chooses.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = localStorage.getItem("mascotry.theme");
    const known = chosen === "light" || chosen === "dark";
    document.documentElement.dataset.theme = known ? chosen : system.matches ? "dark" : "light";
  };
  system.addEventListener("change", show);
  show();
}
