// Slack's blocks and its mrkdwn, as far as apps like ours use them.

import { el } from "./common.js";

const decode = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** What stands between angle brackets: a link, somebody, a date. */
function bracket(inside, nameOf) {
  const [what, label] = inside.split(/\|(.*)/s);
  if (what.startsWith("@")) return el("span", { class: "mention" }, `@${label ?? nameOf(what.slice(1))}`);
  if (what.startsWith("#")) return el("span", { class: "mention" }, `#${label ?? nameOf(what.slice(1))}`);
  if (what.startsWith("!date^")) return document.createTextNode(decode(label ?? what));
  if (what.startsWith("!")) return el("span", { class: "mention" }, `@${what.slice(1).split("^")[0]}`);
  if (/^(https?:|mailto:)/.test(what)) {
    return el("a", { href: decode(what), target: "_blank", rel: "noreferrer" }, decode(label ?? what));
  }
  return document.createTextNode(`<${inside}>`);
}

const INLINE = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])/g;

function inline(text, nameOf) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > from) out.push(decode(text.slice(from, found.index)));
    const [whole, inside, code, bold, italic, struck] = found;
    if (inside !== undefined) out.push(bracket(inside, nameOf));
    else if (code !== undefined) out.push(el("code", {}, decode(code)));
    else if (bold !== undefined) out.push(el("strong", {}, ...inline(bold, nameOf)));
    else if (italic !== undefined) out.push(el("em", {}, ...inline(italic, nameOf)));
    else out.push(el("s", {}, ...inline(struck, nameOf)));
    from = found.index + whole.length;
  }
  if (from < text.length) out.push(decode(text.slice(from)));
  return out;
}

/** mrkdwn as elements. */
export function mrkdwn(text, nameOf) {
  const box = el("div", { class: "mrkdwn" });
  let quote = null;
  let lines = [];
  const flush = () => {
    if (lines.length === 0) return;
    const paragraph = el("p");
    lines.forEach((line, at) => paragraph.append(...(at ? [el("br")] : []), ...inline(line, nameOf)));
    (quote ?? box).append(paragraph);
    lines = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quoted && !quote) {
      flush();
      quote = el("blockquote");
      box.append(quote);
    } else if (!quoted && quote) {
      flush();
      quote = null;
    }
    const words = quoted ? quoted[1] : line;
    if (words.trim() === "") flush();
    else lines.push(words);
  }
  flush();
  return box;
}

const plain = (text) => decode(text?.text ?? "");
const words = (text, nameOf) =>
  text?.type === "mrkdwn" ? mrkdwn(text.text, nameOf) : el("p", {}, plain(text));

/**
 * Draws blocks. `act` gets an action as Slack sends it, and what is filled in, by block and action.
 * `scope` keeps the ids of several drawings apart.
 */
export function drawBlocks(blocks, { nameOf, act, scope, errors = {} }) {
  const box = el("div", { class: "blocks" });
  const inputs = [];
  const values = () => {
    const all = {};
    for (const { block, action, read } of inputs) (all[block] ??= {})[action] = read();
    return all;
  };
  const tell = (action) => act(action, values());
  blocks.forEach((block, at) => {
    const id = block.block_id ?? `b${at}`;
    box.append(one(block, { id, nameOf, tell, inputs, scope: `${scope}-${at}`, error: errors[id] }));
  });
  return { box, values };
}

function one(block, made) {
  const { nameOf, scope, error } = made;
  switch (block.type) {
    case "header":
      return el("h3", {}, plain(block.text));
    case "divider":
      return el("hr");
    case "context":
      return el("div", { class: "context" }, ...block.elements.filter((it) => it.text).map((it) => words(it.type ? it : it.text, nameOf)));
    case "section": {
      const section = el("div", { class: "section" });
      if (block.text) section.append(words(block.text, nameOf));
      if (block.fields) section.append(el("div", { class: "fields" }, ...block.fields.map((it) => words(it, nameOf))));
      if (block.accessory) section.append(element(block.accessory, { ...made, label: plain(block.text) }));
      return section;
    }
    case "actions":
      return el("div", { class: "actions" }, ...block.elements.map((it, at) => element(it, { ...made, scope: `${scope}-${at}` })));
    case "input": {
      const field = element(block.element, { ...made, isField: true });
      const control = field.matches("input, textarea, select") ? field : null;
      const hint = block.hint ? el("p", { class: "hint", id: `${scope}-hint` }, plain(block.hint)) : null;
      const wrong = error ? el("p", { class: "error", id: `${scope}-error` }, error) : null;
      const about = [hint?.id, wrong?.id].filter(Boolean).join(" ");
      if (control && about) control.setAttribute("aria-describedby", about);
      if (control && wrong) control.setAttribute("aria-invalid", "true");
      const label = plain(block.label) + (block.optional ? " (optional)" : "");
      return control
        ? el("div", { class: "field" }, el("label", { for: control.id }, label), hint, wrong, control)
        : el("fieldset", { class: "field" }, el("legend", {}, label), hint, wrong, field);
    }
    case "image":
      return el("p", {}, block.alt_text ?? "");
    default:
      return el("p", { class: "hint" }, `A block of the type ${block.type}, which is not drawn here.`);
  }
}

const option = (it) => ({ text: it.text, value: it.value });

function element(wish, made) {
  const { id: block, tell, inputs, scope, isField, label } = made;
  const action = wish.action_id ?? scope;
  const base = { type: wish.type, block_id: block, action_id: action };
  const remember = (read) => inputs.push({ block, action, read });
  const changed = (more) => {
    if (!isField || wish.dispatch_action) tell({ ...base, ...more });
  };
  const name = { id: scope, "aria-label": isField ? null : label || plain(wish.placeholder) || null };
  switch (wish.type) {
    case "button":
      return el(
        "button",
        {
          type: "button",
          class: wish.style === "primary" ? "main" : wish.style === "danger" ? "danger" : null,
          "aria-label": wish.accessibility_label,
          onclick: () => {
            const sure = wish.confirm;
            if (sure && !confirm(`${plain(sure.title)}\n${plain(sure.text)}`)) return;
            if (wish.url) open(wish.url, "_blank", "noopener,noreferrer");
            tell({ ...base, value: wish.value, text: wish.text });
          },
        },
        plain(wish.text),
      );
    case "plain_text_input": {
      const input = wish.multiline
        ? el("textarea", { ...name, rows: 3, maxlength: wish.max_length })
        : el("input", { ...name, type: "text", maxlength: wish.max_length });
      input.value = wish.initial_value ?? "";
      remember(() => ({ type: wish.type, value: input.value === "" ? null : input.value }));
      return input;
    }
    case "static_select": {
      const options = wish.options ?? [];
      const chosen = wish.initial_option?.value;
      const select = el(
        "select",
        name,
        el("option", { value: "" }, plain(wish.placeholder) || "Choose"),
        ...options.map((it, at) => el("option", { value: at, selected: it.value === chosen }, plain(it.text))),
      );
      const read = () => (select.value === "" ? null : option(options[Number(select.value)]));
      remember(() => ({ type: wish.type, selected_option: read() }));
      select.addEventListener("change", () => changed({ selected_option: read() }));
      return select;
    }
    case "multi_static_select":
    case "checkboxes":
    case "radio_buttons": {
      const options = wish.options ?? [];
      const isOne = wish.type === "radio_buttons";
      const first = (wish.initial_options ?? [wish.initial_option]).filter(Boolean).map((it) => it.value);
      const boxes = options.map((it, at) => {
        const input = el("input", {
          type: isOne ? "radio" : "checkbox",
          name: scope,
          id: `${scope}-${at}`,
          checked: first.includes(it.value),
          onchange: () => changed(read()),
        });
        return [input, el("label", { for: `${scope}-${at}` }, input, " ", plain(it.text))];
      });
      const read = () => {
        const all = boxes.flatMap(([input], at) => (input.checked ? [option(options[at])] : []));
        return isOne ? { selected_option: all[0] ?? null } : { selected_options: all };
      };
      remember(() => ({ type: wish.type, ...read() }));
      return el("div", { class: "choices" }, ...boxes.map(([, label]) => label));
    }
    default:
      return el("p", { class: "hint" }, `An element of the type ${wish.type}, which is not drawn here.`);
  }
}
