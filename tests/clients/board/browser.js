// A browser that is led by the hand: a JSON document on each line of stdin is something to do, and the answer is a line of
// stdout. Every page is a visitor of its own, and what goes wrong in it is kept: no test has to look for it.
import { chromium } from "playwright-core";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const Patience = 20_000;
const Flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const folder = mkdtempSync(join(tmpdir(), "board-"));
const program = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath: program, args: Flags, env: { ...process.env, HOME: folder, TMPDIR: folder } });
const pages = new Map();

const verbs = {
  async open({ page: id, url, width = 1280, height = 800, language = "en-GB", dark = false, now }) {
    const context = await browser.newContext({ viewport: { width, height }, locale: language, colorScheme: dark ? "dark" : "light", deviceScaleFactor: 1 });
    const [page, problems] = [await context.newPage(), []];
    pages.set(id, { context, page, problems });
    page.setDefaultTimeout(Patience);
    page.on("pageerror", error => problems.push(`thrown: ${error.message}`));
    page.on("console", message => ["error", "warning"].includes(message.type()) && problems.push(`console: ${message.text()}`));
    page.on("dialog", dialog => problems.push(`dialog: ${dialog.message()}`));
    page.on("request", request => new URL(request.url()).origin === new URL(url).origin || problems.push(`left the server: ${request.url()}`));
    await context.addInitScript(() => addEventListener("securitypolicyviolation", event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    if (now) await page.clock.setFixedTime(now);
    await page.goto(url);
  },
  see: ({ page }, { selector, count }) => count === undefined ? page.locator(selector).first().waitFor() : until(() => page.locator(selector).count(), count),
  gone: ({ page }, { selector }) => page.locator(selector).first().waitFor({ state: "hidden" }),
  click: ({ page }, { selector }) => page.locator(selector).first().click(),
  type: ({ page }, { selector, text }) => page.locator(selector).fill(text),
  press: ({ page }, { keys }) => page.keyboard.press(keys),
  choose: ({ page }, { selector, text }) => page.locator(selector).selectOption(text),
  reload: ({ page }) => page.reload(),
  text: ({ page }, { selector }) => page.locator(selector).allInnerTexts(),
  attribute: ({ page }, { selector, name }) => page.locator(selector).evaluateAll((nodes, it) => nodes.map(node => node.getAttribute(it) ?? ""), name),
  // The server hears the next call of a path, and its answer is lost on the way.
  loseAnswer: ({ page }, { path }) => page.route(path, async route => {
    await route.fetch();
    await route.abort();
  }, { times: 1 }),
  run: ({ page }, { script }) => page.evaluate(script),
  picture: ({ page }, { path, whole }) => page.screenshot({ path, fullPage: whole }),
  problems: ({ problems }) => problems.splice(0),
  close: async ({ context }, { page: id }) => {
    pages.delete(id);
    await context.close();
  },
};

async function until(ask, wanted) {
  const deadline = Date.now() + Patience;
  let found;
  while ((found = await ask()) !== wanted) {
    if (Date.now() > deadline) throw new Error(`There are ${found}, and not ${wanted}.`);
    await new Promise(done => setTimeout(done, 20));
  }
}

async function answer(request) {
  let answered;
  try {
    const visit = pages.get(request.page);
    answered = { answer: await (visit ? verbs[request.verb](visit, request) : verbs.open(request)) ?? null };
  } catch (error) {
    answered = { error: error.message };
  }
  console.log(JSON.stringify({ id: request.id, ...answered }));
}

console.log(JSON.stringify({ answer: "ready" }));
for await (const line of createInterface({ input: process.stdin })) answer(JSON.parse(line));
await browser.close();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
