// How the tests start the browser: Debian's chromium, with nothing of its own that calls anywhere.
"use strict";

module.exports = {
  CHROMIUM: process.env.CHROMIUM ?? "/usr/bin/chromium",
  ARGUMENTS: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
