// The page of the simulated Slack.

import { byId, composer, el, inWords, list, post, run, say } from "./common.js";
import { drawBlocks, mrkdwn } from "./blocks.js";

const dialog = byId("dialog");
let modal = null;

const nameOf = (id) =>
  id === "U0OYEZBOT" ? "Oyez" : (["people", "conversations"].flatMap((key) => view.state?.[key] ?? []).find((one) => one.id === id)?.name ?? id);

const view = run((state, view, here) => {
  const posts = state.posts ?? [];
  byId("topic").textContent = here?.topic ?? "";
  byId("label").textContent = view.thread ? "Reply" : "Message or command: /incident help shows what there is";
  const root = view.thread && posts.find((one) => one.ts === view.thread);
  if (!root) view.thread = null;
  byId("thread").hidden = !root;
  if (root) byId("thread").firstElementChild.textContent = `In the thread of: ${gist(root)}`;
  const rootOf = (one) => Number(one.thread ?? one.ts);
  const ordered = [...posts].sort((a, b) => rootOf(a) - rootOf(b) || Number(a.ts) - Number(b.ts));
  list(ordered, (one) => `${one.ts} ${one.revision}`, (one) => message(one, state), `${view.person} ${view.place}`);
  showModal(state.view);
});

/** A message in a few words. */
function gist(one) {
  const words = one.text.split("\n")[0].replace(/[*_~`]/g, "") || "a message";
  return words.length > 60 ? `${words.slice(0, 59)}…` : words;
}

function message(one, state) {
  const notes = [
    one.isForYou ? "Only visible to you" : "",
    one.isEdited ? "Edited" : "",
    one.isBroadcast ? "Also sent to the channel" : "",
  ].filter(Boolean);
  const item = el(
    "li",
    { class: [one.isApp ? "bot" : "person", one.thread ? "reply" : ""].join(" "), "data-post": one.ts },
    el(
      "p",
      { class: "meta" },
      el("strong", {}, one.from),
      one.isApp ? el("span", { class: "tag" }, "App") : null,
      " ",
      el("time", { datetime: one.at }, inWords(one.at, state.now)),
      ...notes.map((note) => el("span", { class: "tag" }, note)),
    ),
  );
  if (Array.isArray(one.blocks) && one.blocks.length > 0) {
    const act = async (action, values) => {
      box.inert = true;
      say(`${action.text?.text ?? "Sent"}: waiting for Oyez`);
      const said = await post("/sim/tap", { as: view.person, in: view.place, ts: one.ts, action, values });
      box.inert = false;
      if (said) byId("messages").focus({ preventScroll: true });
    };
    const { box } = drawBlocks(one.blocks, { nameOf, act, scope: `m${one.ts.replace(".", "-")}` });
    item.append(box);
  } else {
    item.append(mrkdwn(one.text, nameOf));
  }
  if (!one.thread && !one.isForYou) {
    const reply = () => {
      view.thread = one.ts;
      view.redraw();
      byId("words").focus();
    };
    item.append(el("button", { type: "button", class: "quiet", onclick: reply, "aria-label": `Reply to: ${gist(one)}` }, "Reply"));
  }
  return item;
}

/** The modal that is open, drawn again only when the app has changed it. */
function showModal(open, errors) {
  const key = open && `${open.id} ${open.revision}`;
  if (!open) {
    modal = null;
    if (dialog.open) dialog.close();
    return;
  }
  if (modal?.key === key && !errors) return;
  const wish = open.view;
  const text = (it, usual) => it?.text ?? usual;
  byId("dialog-title").textContent = text(wish.title, "Oyez");
  byId("dialog-close").textContent = text(wish.close, "Cancel");
  byId("dialog-submit").textContent = text(wish.submit, "Submit");
  byId("dialog-submit").hidden = !wish.submit;
  say("", "dialog-status");
  const act = (action, values) =>
    post("/sim/tap", { as: view.person, view: open.id, action, values }, "dialog-status");
  const { box, values } = drawBlocks(wish.blocks ?? [], { nameOf, act, scope: `v${open.revision}`, errors });
  modal = { key, values, id: open.id, open };
  byId("dialog-body").replaceChildren(box);
  if (!dialog.open) dialog.showModal();
}

byId("modal").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!modal) return;
  const values = modal.values();
  const missing = {};
  for (const [at, block] of (modal.open.view.blocks ?? []).entries()) {
    const id = block.block_id ?? `b${at}`;
    if (block.type !== "input" || block.optional) continue;
    const filled = Object.values(values[id] ?? {})[0] ?? {};
    const isEmpty = !filled.value && !filled.selected_option && !filled.selected_options?.length;
    if (isEmpty) missing[id] = "Please complete this required field.";
  }
  const keep = modal;
  if (Object.keys(missing).length > 0) {
    refill(keep, values, missing);
    return;
  }
  byId("dialog-submit").disabled = true;
  const said = await post("/sim/submit", { as: view.person, view: keep.id, values }, "dialog-status");
  byId("dialog-submit").disabled = false;
  if (said?.errors) refill(keep, values, said.errors);
});

/** Draws the modal with its errors, and with what was filled in. */
function refill(keep, values, errors) {
  const blocks = (keep.open.view.blocks ?? []).map((block, at) => {
    const id = block.block_id ?? `b${at}`;
    if (block.type !== "input") return block;
    const filled = Object.values(values[id] ?? {})[0] ?? {};
    const element = { ...block.element };
    if ("value" in filled) element.initial_value = filled.value ?? undefined;
    if ("selected_option" in filled) element.initial_option = filled.selected_option ?? undefined;
    if ("selected_options" in filled) element.initial_options = filled.selected_options;
    return { ...block, block_id: id, element };
  });
  const open = { ...keep.open, view: { ...keep.open.view, blocks } };
  showModal(open, errors);
  modal.open = keep.open;
}

const close = () => modal && post("/sim/submit", { as: view.person, view: modal.id, closed: true }, "dialog-status");
byId("dialog-close").addEventListener("click", close);
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});

byId("unthread").addEventListener("click", () => {
  view.thread = null;
  view.redraw();
  byId("words").focus();
});

composer((text) => post("/sim/say", { as: view.person, in: view.place, thread: view.thread, text }));
