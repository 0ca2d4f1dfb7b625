// The part of Markdown that Teams reads in cards: bold, italic, lists, links. Everything else is text.

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", nbsp: "\u00a0" };

const escapeHtml = (text) =>
  text.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]);

/** Takes what means itself out of a line, and puts a mark there. */
function literals(line) {
  const kept = [];
  const keep = (text) => `\u0000${kept.push(text) - 1}\u0000`;
  const marked = line
    .replace(/\u0000/g, "")
    .replace(/\\([!-/:-@[-`{-~])/g, (_, c) => keep(c))
    .replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|(\w{2,5}));/gi, (whole, decimal, hex, name) => {
      if (name) return name in ENTITIES ? keep(ENTITIES[name]) : whole;
      const code = parseInt(decimal ?? hex, decimal ? 10 : 16);
      return code > 0 && code < 0x110000 ? keep(String.fromCodePoint(code)) : whole;
    });
  return [marked, (text) => text.replace(/\u0000(\d+)\u0000/g, (_, at) => escapeHtml(kept[at] ?? ""))];
}

function inline(line) {
  const [marked, restore] = literals(line);
  const html = escapeHtml(marked)
    .replace(/\[([^\]]*)\]\((https?:\/\/[^)\s]+)\)/g, '<a href="$2" target="_blank" rel="noreferrer">$1</a>')
    .replace(/\*\*(?=\S)(.+?)(?<=\S)\*\*/g, "<strong>$1</strong>")
    .replace(/(?<![\w*])[*_](?=\S)(.+?)(?<=\S)[*_](?![\w*])/g, "<em>$1</em>");
  return restore(html);
}

/** HTML of a text. Nothing that it holds is markup but what is named above. */
export function markdown(text) {
  const out = [];
  let list = null;
  const end = () => {
    if (list) out.push(`</${list}>`);
    list = null;
  };
  for (const paragraph of text.replace(/\r\n?/g, "\n").split(/\n{2,}/)) {
    const lines = [];
    const flush = () => {
      if (lines.length) out.push(`<p>${lines.splice(0).join("<br>")}</p>`);
    };
    for (const line of paragraph.split("\n")) {
      const item = /^\s*(?:([-*+])|\d{1,9}[.)])\s+(.*)$/.exec(line);
      if (!item) {
        end();
        lines.push(inline(line));
        continue;
      }
      flush();
      const kind = item[1] ? "ul" : "ol";
      if (list !== kind) {
        end();
        out.push(`<${kind}>`);
        list = kind;
      }
      out.push(`<li>${inline(item[2])}</li>`);
    }
    flush();
  }
  end();
  return out.join("");
}
