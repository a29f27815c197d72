// Before anything is painted, so that nobody who has chosen dark sees a flash of light.
{
  const chosen = localStorage.getItem("mascotry.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
