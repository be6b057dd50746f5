// Words, numbers and elements. Whatever was typed goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

/** Return an element with properties (class, text, data, aria-…, on…) and children. */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Return the picture that the server drew: its names were escaped where it was drawn. */
export function picture(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = markup || "";
  return holder.content;
}

/** Return a number as people read it: thousands apart, three digits below a thousand. */
export function count(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size >= 999.5 || size === 0 ? Math.round(size).toLocaleString("en-US") : String(Number(size.toPrecision(3)));
  return (value < 0 && text !== "0" ? "−" : "") + text;
}

/** Return a threshold as a person types it: six digits, a plain minus, nothing between thousands. */
export const typed = (value) => String(Math.abs(value) >= 1e6 ? Math.round(value) : Number(value.toPrecision(6)));

/**
 * Return what somebody typed as a number; NaN where it is none, or may be two: 5,000 is five here and five thousand there.
 * A decimal comma counts where it cannot stand between thousands.
 */
export function numberTyped(words) {
  const text = words.trim().replace("−", "-");
  return !text || /^-?[1-9]\d{0,2}(,\d{3})+$/.test(text) ? NaN : Number(text.replace(",", "."));
}

/** Return "1 tube", "2 tubes". */
export const many = (n, noun) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;

export const percent = (part, whole) => (whole ? `${Number(((100 * part) / whole).toPrecision(3))} %` : "–");

/** Return a density with the three digits that the report gives it. */
const molecules = (value) => count(value === null ? null : Number(value.toPrecision(3)));

/** Return the interval in words; "" without one. */
export function interval(number) {
  if (number.rd_low === null && number.rd_high === null) return "";
  return `${molecules(number.rd_low)} to ${molecules(number.rd_high)}`;
}

/** Return a number and its interval in one sentence, as it is read aloud. */
export function sentence(number) {
  const range = interval(number);
  return `${number.reported}${range ? `, interval ${range}` : ""}, ${many(number.n_cells, "cell")}, ${plainStatus(number.status)}`;
}

export const plainStatus = (status) => status.replaceAll("_", " ").toLowerCase().replace("lloq", "LLOQ").replace("uloq", "ULOQ").replace("ULOQ extrapolated", "ULOQ, extrapolated").replace(/^ok$/, "quantified");

/** Return day and time of an ISO time, as the clock of this computer shows it. */
export function clock(at) {
  const time = new Date(at);
  if (!at || Number.isNaN(time.valueOf())) return at || "";
  return `${time.toLocaleDateString("en-CA")} ${time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}
