// Adaptive Cards as Teams shows them, drawn by Microsoft's renderer.

import { markdown } from "./markdown.js";

// Colours that read well in the client's light and dark looks: text 4.5 to 1 or better on its ground.
const LOOKS = {
  light: {
    text: ["#242424", "#5c5c5c"],
    accent: ["#4f52b2", "#5b5fc7"],
    good: ["#0b6a0b", "#0e700e"],
    warning: ["#835b00", "#835b00"],
    attention: ["#b10e1c", "#c4314b"],
    grounds: { default: "#ffffff", emphasis: "#f5f5f5", accent: "#ebebff", good: "#f1faf1", warning: "#fff9f5", attention: "#fdf3f4" },
    line: "#d1d1d1",
  },
  dark: {
    text: ["#ffffff", "#d6d6d6"],
    accent: ["#aab1fa", "#b6bcfa"],
    good: ["#9ad29a", "#a7e3a5"],
    warning: ["#fbd38d", "#f2c661"],
    attention: ["#f1bbbc", "#f4b9bd"],
    grounds: { default: "#292929", emphasis: "#1f1f1f", accent: "#383966", good: "#153615", warning: "#3d2f10", attention: "#4a1d22" },
    line: "#666666",
  },
};

/** What Teams tells the renderer about itself. */
export function hostConfig(isDark) {
  const look = LOOKS[isDark ? "dark" : "light"];
  const shade = ([plain, subtle]) => ({ default: plain, subtle });
  const foregroundColors = {
    default: shade(look.text),
    dark: shade(look.text),
    light: shade(look.text),
    accent: shade(look.accent),
    good: shade(look.good),
    warning: shade(look.warning),
    attention: shade(look.attention),
  };
  const style = (name) => ({ backgroundColor: look.grounds[name], borderColor: look.line, foregroundColors });
  const font = (fontFamily) => ({
    fontFamily,
    fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
    fontWeights: { lighter: 300, default: 400, bolder: 600 },
  });
  return {
    supportsInteractivity: true,
    choiceSetInputValueSeparator: ",",
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
    separator: { lineThickness: 1, lineColor: look.line },
    imageSizes: { small: 32, medium: 52, large: 100 },
    fontTypes: {
      default: font('"Segoe UI", system-ui, "Helvetica Neue", Arial, sans-serif'),
      monospace: font('Consolas, "Courier New", monospace'),
    },
    textStyles: { heading: { size: "large", weight: "bolder" } },
    textBlock: { headingLevel: 3 },
    containerStyles: Object.fromEntries(Object.keys(look.grounds).map((name) => [name, style(name)])),
    inputs: {
      label: {
        inputSpacing: "small",
        requiredInputs: { weight: "bolder", color: "default", size: "default", suffix: " *", suffixColor: "attention" },
        optionalInputs: { weight: "bolder", color: "default", size: "default" },
      },
      errorMessage: { color: "attention", size: "small", weight: "default", spacing: "small" },
    },
    actions: {
      maxActions: 6,
      spacing: "default",
      buttonSpacing: 8,
      showCard: { actionMode: "inline", inlineTopMargin: 16, style: "emphasis" },
      actionsOrientation: "horizontal",
      actionAlignment: "left",
    },
    adaptiveCard: { allowCustomStyle: false },
    imageSet: { imageSize: "medium", maxImageHeight: 100 },
    factSet: {
      title: { size: "default", color: "default", weight: "bolder", wrap: true, maxWidth: 140 },
      value: { size: "default", color: "default", weight: "default", wrap: true },
      spacing: 12,
    },
  };
}

/** Whether the renderer is there. */
export const canDraw = () => "AdaptiveCards" in window;

/**
 * Draws a card. `act` gets the kind of button (`execute`, `submit`), its verb and id, and its data with
 * what was filled in.
 */
export function draw(json, isDark, act) {
  const { AdaptiveCard, HostConfig } = window.AdaptiveCards;
  AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdown(text);
    result.didProcess = true;
  };
  const card = new AdaptiveCard();
  card.hostConfig = new HostConfig(hostConfig(isDark));
  card.onExecuteAction = (action) => {
    const type = action.getJsonTypeName();
    if (type === "Action.OpenUrl") {
      open(action.url, "_blank", "noopener,noreferrer");
    } else if (type === "Action.Execute" || type === "Action.Submit") {
      const kind = type === "Action.Execute" ? "execute" : "submit";
      act({ kind, verb: action.verb, id: action.id, data: action.data ?? {} }, action.title);
    }
  };
  card.parse(json);
  const drawn = card.render();
  if (json.lang) drawn.lang = json.lang;
  // The renderer gives elements the ids that they have in the card. Two cards may have the same.
  const references = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];
  const named = new Set(
    references.flatMap((name) =>
      [...drawn.querySelectorAll(`[${name}]`)].flatMap((it) => it.getAttribute(name).split(/\s+/)),
    ),
  );
  for (const it of drawn.querySelectorAll("[id]")) if (!named.has(it.id)) it.removeAttribute("id");
  return drawn;
}
