// The page of the simulated Teams.

import { byId, composer, el, inWords, isDark, list, post, run, say } from "./common.js";
import { canDraw, draw } from "./cards.js";

byId("missing").hidden = canDraw();
const refreshed = new Set();
const dialog = byId("dialog");

const view = run((state, view, here) => {
  const posts = state.posts ?? [];
  const isChannel = here?.kind === "channel";
  byId("install").textContent = state.hasApp ? "Remove the app" : "Add the app";
  byId("label").textContent = isChannel ? "Message: begin with @Oyez, or it does not hear you" : "Message to Oyez";
  const root = view.thread && posts.find((one) => one.id === view.thread);
  if (!root) view.thread = null;
  byId("thread").hidden = !root;
  if (root) byId("thread").firstElementChild.textContent = `In reply to: ${gist(root)}`;
  const group = `${view.person} ${view.place} ${isDark()}`;
  const ordered = [...posts].sort((a, b) => Number(a.root) - Number(b.root) || Number(a.id) - Number(b.id));
  list(ordered, (one) => `${one.id} ${one.revision}`, (one) => message(one, state, isChannel), group);
  for (const one of posts) refresh(one);
});

/** A post in a few words. */
function gist(one) {
  const words = one.summary ?? one.text ?? "a card";
  return words.length > 60 ? `${words.slice(0, 59)}…` : words;
}

function message(one, state, isChannel) {
  const notes = [
    one.isUrgent ? "Urgent" : "",
    one.alerts ? "Shown in your activity" : "",
    one.isEdited ? "Edited" : "",
    one.isForYou ? "Only you see this" : "",
  ].filter(Boolean);
  const item = el(
    "li",
    { class: [one.isBot ? "bot" : "person", isChannel && one.root !== one.id ? "reply" : ""].join(" "), "data-post": one.id },
    el(
      "p",
      { class: "meta" },
      el("strong", {}, one.from),
      " ",
      el("time", { datetime: one.at }, inWords(one.at, state.now)),
      ...notes.map((note) => el("span", { class: "tag" }, note)),
    ),
  );
  if (one.text) item.append(el("p", { class: "text" }, one.text));
  if (one.card) item.append(card(one));
  if (isChannel && one.root === one.id) {
    const reply = () => {
      view.thread = one.id;
      view.redraw();
      byId("words").focus();
    };
    item.append(el("button", { type: "button", class: "quiet", onclick: reply, "aria-label": `Reply to: ${gist(one)}` }, "Reply"));
  }
  return item;
}

function card(one) {
  if (!canDraw()) return el("p", { class: "text" }, one.card.fallbackText ?? one.summary ?? "A card");
  const box = el("div", { class: one.card.msteams?.width === "Full" ? "card full" : "card", role: "group", "aria-label": gist(one) });
  const act = async (action, title) => {
    box.inert = true;
    say(`${title}: waiting for Oyez`);
    const said = await post("/sim/tap", { as: view.person, in: view.place, post: one.id, ...action });
    box.inert = false;
    if (said?.dialog) openDialog(said.dialog, one.id);
    if (said) byId("messages").focus({ preventScroll: true });
  };
  box.append(draw(one.card, isDark(), act));
  return box;
}

/** Asks for this person's own view of a card, as the client does for those whom the card names. */
async function refresh(one) {
  const wish = one.card?.refresh;
  const key = `${view.person} ${one.id} ${one.isForYou ? "seen" : one.revision}`;
  if (!wish?.action || one.isForYou || refreshed.has(key)) return;
  const isMeant = (wish.userIds ?? [`29:${view.person}`]).some((id) => id === `29:${view.person}` || id === view.person);
  if (!isMeant) return;
  refreshed.add(key);
  const { verb, id, data } = wish.action;
  await post("/sim/tap", {
    as: view.person, in: view.place, post: one.id, kind: "execute", verb, id, data: data ?? {}, trigger: "automatic",
  });
}

/** A dialog with a card in it. */
function openDialog(wish, about) {
  byId("dialog-title").textContent = wish.title ?? "Oyez";
  say("", "dialog-status");
  const body = byId("dialog-body");
  const content = wish.card?.content;
  if (content && canDraw()) {
    const act = async (action) => {
      body.inert = true;
      const tapped = { as: view.person, in: view.place, post: about, ...action, kind: "dialog" };
      const said = await post("/sim/tap", tapped, "dialog-status");
      body.inert = false;
      if (said?.dialog) openDialog(said.dialog, about);
      else if (said?.closes) {
        dialog.close();
        say(typeof said.note === "string" ? said.note : "");
      }
    };
    body.replaceChildren(draw(content, isDark(), act));
  } else {
    body.replaceChildren(el("p", {}, "There is nothing that could be shown here."));
  }
  if (!dialog.open) dialog.showModal();
}
byId("dialog-close").addEventListener("click", () => dialog.close());

byId("unthread").addEventListener("click", () => {
  view.thread = null;
  view.redraw();
  byId("words").focus();
});

byId("install").addEventListener("click", () =>
  post("/sim/install", { as: view.person, installed: !view.state.hasApp }),
);

composer((text) =>
  post("/sim/say", {
    as: view.person,
    in: view.thread ? `${view.place};messageid=${view.thread}` : view.place,
    text,
  }),
);
