// What the pages of both simulators share: who looks, at which conversation, the clock, and news.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const ZONE = "Europe/London";

/** A time as people say it: 2:31pm, and the day if it is another one. */
export function inWords(time, now) {
  const at = new Date(time);
  const day = (date) => date.toLocaleDateString("en-GB", { timeZone: ZONE, day: "numeric", month: "long" });
  const clock = at
    .toLocaleTimeString("en-GB", { timeZone: ZONE, hour: "numeric", minute: "2-digit", hour12: true })
    .replace(/\s/, "")
    .replace(/^0:/, "12:");
  return day(at) === day(new Date(now)) ? clock : `${day(at)}, ${clock}`;
}

/** Shows a sentence below the messages, which screen readers read out. */
export function say(sentence, where = "status") {
  byId(where).textContent = sentence;
}

/** Posts to the simulator. Answers what it says, or null after showing why it could not be done. */
export async function post(path, body, where = "status") {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    say(answer.ok ? (said.note ?? "") : (said.sentence ?? "This could not be done."), where);
    return answer.ok ? said : null;
  } catch {
    say("The simulator does not run any more. Start it again: oyez demo", where);
    return null;
  }
}

const address = new URLSearchParams(location.search);
const asked = { person: address.get("as") ?? "", place: address.get("in") ?? "" };

/** Runs a page: `draw` shows a state, with who looks at which place. */
export function run(draw) {
  const view = { ...asked, thread: null, state: null, redraw: () => {} };
  let since = 0;
  let looking = new AbortController();

  const remember = () => {
    const query = new URLSearchParams({ as: view.person, in: view.place });
    history.replaceState(null, "", `?${query}`);
  };
  const again = () => {
    since = 0;
    looking.abort();
  };
  const go = (place) => {
    if (place === view.place) return;
    view.place = place;
    view.thread = null;
    say("");
    remember();
    again();
  };

  function frame(state) {
    const person = byId("person");
    if (!state.people.some((one) => one.id === view.person)) view.person = state.people[0]?.id ?? "";
    const names = state.people.map((one) => (one.role ? `${one.name}, ${one.role}` : one.name));
    if ([...person.options].map((option) => option.text).join("|") !== names.join("|")) {
      person.replaceChildren(...state.people.map((one, at) => el("option", { value: one.id }, names[at])));
    }
    person.value = view.person;
    const now = byId("now");
    now.textContent = inWords(state.now, state.now);
    now.dateTime = state.now;
    const me = state.people.find((one) => one.id === view.person)?.name ?? "nobody";
    byId("briefly").textContent = `You are ${me}. It is ${now.textContent}.`;
    const places = byId("places");
    const focused = document.activeElement?.dataset?.place;
    places.replaceChildren(
      ...state.conversations.map((one) => {
        const name = one.kind === "channel" ? `#${one.name.replace(/^#/, "")}` : one.name;
        const current = one.id === view.place ? "true" : null;
        const button = el(
          "button",
          { type: "button", "data-place": one.id, "aria-current": current, onclick: () => go(one.id) },
          name,
          " ",
          el("span", { class: "count" }, String(one.posts), el("span", { class: "unseen" }, " messages")),
        );
        return el("li", {}, button);
      }),
    );
    if (focused) places.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
    const here = state.conversations.find((one) => one.id === view.place);
    byId("title").textContent = here
      ? here.kind === "chat"
        ? "Oyez, in private"
        : `#${here.name.replace(/^#/, "")}`
      : "No conversation";
    document.body.dataset.version = state.version;
    return here;
  }

  async function look() {
    for (;;) {
      looking = new AbortController();
      try {
        const query = new URLSearchParams({ as: view.person, in: view.place, since });
        const answer = await fetch(`/sim/state?${query}`, { signal: looking.signal });
        const state = await answer.json();
        since = state.version;
        view.state = state;
        const before = `${view.person} ${view.place}`;
        let here = frame(state);
        if (!here && state.conversations.length > 0) {
          view.place = state.conversations[0].id;
        }
        if (before !== `${view.person} ${view.place}`) {
          remember();
          since = 0;
          continue;
        }
        draw(state, view, here);
      } catch (error) {
        if (error.name === "AbortError") continue;
        if (!(error instanceof TypeError)) console.error(error);
        say("The simulator does not run any more. Start it again: oyez demo");
        await new Promise((resolve) => setTimeout(resolve, 2000));
        since = 0;
      }
    }
  }

  view.redraw = () => view.state && draw(view.state, view, frame(view.state));
  byId("person").addEventListener("change", (event) => {
    view.person = event.target.value;
    view.place = "";
    view.thread = null;
    say("");
    again();
  });
  byId("later").addEventListener("click", () => post("/sim/clock", { minutes: 10 }));
  byId("next").addEventListener("click", () => post("/sim/clock", { minutes: null }));
  choice("width", (width) => {
    document.body.dataset.width = width;
  });
  choice("theme", (theme) => {
    document.documentElement.dataset.theme = theme;
    view.redraw();
  });
  // On a phone there is room for one line.
  byId("tools").open = !matchMedia("(max-width: 700px)").matches;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.redraw());
  look();
  return view;
}

/** A choice that the browser remembers. */
function choice(id, apply) {
  const select = byId(id);
  const known = [...select.options].map((option) => option.value);
  const kept = localStorage.getItem(id);
  if (known.includes(kept)) select.value = kept;
  apply(select.value);
  select.addEventListener("change", () => {
    localStorage.setItem(id, select.value);
    apply(select.value);
  });
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/**
 * Shows messages, each made by `make` when it is new or has changed: what is being typed into the
 * others stays. Scrolls to the end when something came and the end was in sight.
 */
export function list(messages, keyOf, make, group) {
  const log = byId("messages");
  // On a phone the page scrolls, and else the list in it.
  const scrolls = log.scrollHeight > log.clientHeight + 1 ? log : document.scrollingElement;
  const atEnd = scrolls.scrollHeight - scrolls.scrollTop - scrolls.clientHeight < 120;
  const old = new Map([...log.children].map((child) => [child.dataset.key, child]));
  const kept = messages.map((message) => {
    const key = `${group} ${keyOf(message)}`;
    const child = old.get(key) ?? make(message);
    child.dataset.key = key;
    return child;
  });
  const isSame = log.children.length === kept.length && kept.every((child, at) => log.children[at] === child);
  if (isSame) return;
  const isElsewhere = log.dataset.group !== group;
  // Only what is new is moved, so that the focus stays where it is.
  for (const child of [...log.children]) if (!kept.includes(child)) child.remove();
  kept.forEach((child, at) => {
    if (log.children[at] !== child) log.insertBefore(child, log.children[at] ?? null);
  });
  log.dataset.group = group;
  if (atEnd || isElsewhere) {
    log.scrollTop = log.scrollHeight;
    if (scrolls !== log && !isElsewhere) scrolls.scrollTop = scrolls.scrollHeight;
  }
}

/** The box for what people write: Enter sends, with Shift it begins a new line. */
export function composer(send) {
  const [form, text] = [byId("composer"), byId("words")];
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (words === "") return;
    text.value = "";
    if ((await send(words)) === null) text.value = words;
    text.focus();
  });
}
