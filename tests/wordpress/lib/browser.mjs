// A person before the screens: Debian's Chromium, led by playwright-core, in a network of the lab.
//
// The browser is a process of the lab, ended with it. Names below .example lead to the lab's web server and nothing else
// leads anywhere, so no page can ask the outside. What goes wrong on a page by itself (an error in the console, an answer
// that failed, a notice of PHP about the plugin) is collected, and `tidy()` fails on it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT, sleep } from './lab.mjs';
import { ADMIN } from './network.mjs';

const CHROMIUM = '/usr/bin/chromium';

/** How long a page may take to do what is waited for, in milliseconds. */
export const PATIENCE = 30000;

/** The plugin's own page. */
export const PAGE = '/wp-admin/network/admin.php?page=wu-cloudways';

/**
 * The plugin's own parts of any page: its marks are in a class, an id or a data attribute. The names that WordPress makes
 * of its page's address (of the body, of the menu) are not meant.
 */
export const OURS = [
  '.wrap.wu-cloudways', '[class^="wu-cloudways"]', '[class*=" wu-cloudways"]', '[id^="wu-cloudways"]', '[id^="wu_cloudways"]', '[data-wu-cloudways]',
  '[id^="health-check-accordion-block-wu_cloudways"]', '[id^="health-check-accordion-block-wu-cloudways"]',
].map((selector) => `${selector}:not(html):not(body):not(script):not(style):not(link)`).join(', ');

/** Hosts that WordPress itself asks for pictures; they are not there, and nobody minds. */
const PICTURES = /(^|\.)(gravatar\.com|w\.org|wordpress\.org)$/;

/** The picture of a person who has none. */
const NOBODY = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#c3c4c7"/><circle cx="4" cy="3" r="1.6" fill="#fff"/><circle cx="4" cy="8" r="3" fill="#fff"/></svg>';

const require = createRequire(import.meta.url);

/** Starts Chromium in the lab of a stack (openStack()). */
export async function openBrowser(stack) {
  const { chromium } = require('playwright-core');
  const profile = stack.lab.folder('chromium');
  const service = await stack.lab.start({
    name: 'chromium',
    command: CHROMIUM,
    args: [
      '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`,
      // What is shown is our own, and a container may not give it the namespaces its sandbox wants.
      '--no-sandbox',
      '--disable-dev-shm-usage', '--disable-gpu', '--hide-scrollbars', '--force-color-profile=srgb', '--font-render-hinting=none', '--lang=en-US',
      `--host-resolver-rules=MAP *.example 127.0.0.1:${stack.web.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      '--no-proxy-server', '--no-first-run', '--no-default-browser-check', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions',
      '--disable-default-apps', '--disable-breakpad', '--disable-client-side-phishing-detection', '--disable-domain-reliability', '--metrics-recording-only', '--password-store=basic', '--use-mock-keychain',
      '--disable-features=HttpsUpgrades,HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable,Translate,OptimizationHints,MediaRouter,PasswordManagerOnboarding,CertificateTransparencyComponentUpdater',
      'about:blank',
    ],
    asUser: true,
    env: { XDG_CONFIG_HOME: stack.lab.folder('chromium', 'config'), XDG_CACHE_HOME: stack.lab.folder('chromium', 'cache') },
    ready: (process) => {
      const found = /DevTools listening on (ws:\S+)/.exec(readFileSync(process.logFile, 'utf8'));
      return found && { endpoint: found[1] };
    },
    patience: 60000,
  });
  const browser = await chromium.connectOverCDP(service.endpoint, { timeout: 30000 });
  return new Browser(stack, browser);
}

class Browser {
  #tabs = new Set();
  #sessions = new Map();

  constructor(stack, browser) {
    Object.assign(this, { stack, browser, kept: [] });
  }

  /**
   * A window of its own.
   * @param {object} [options]
   * @param {{user: string, password: string}|null} [options.as] who is logged in; null: a visitor
   * @param {number} [options.width] of the window, in CSS pixels
   * @param {number} [options.height]
   */
  async open({ as = ADMIN, width = 1280, height = 900, host, ...more } = {}) {
    const storageState = as && this.#sessions.get(`${as.user}@${host}`);
    const context = await this.browser.newContext({ viewport: { width, height }, locale: 'en-US', reducedMotion: 'reduce', ...(storageState ? { storageState } : {}), ...more });
    context.setDefaultTimeout(PATIENCE);
    const tab = new Tab(this, context, await context.newPage(), host);
    this.#tabs.add(tab);
    await tab.listen();
    if (as && !storageState) {
      await tab.logIn(as);
      this.#sessions.set(`${as.user}@${host}`, await context.storageState());
    }
    return tab;
  }

  /** Nobody is logged in any more in windows that are opened from here on. */
  forget() {
    this.#sessions.clear();
  }

  /** Closes all windows, and fails when something went wrong in one of them. For `afterEach`. */
  async tidy() {
    const problems = this.kept.splice(0);
    for (const tab of [...this.#tabs]) {
      await tab.close();
      problems.push(...this.kept.splice(0));
    }
    problems.push(...this.#complaints());
    assert.deepEqual(problems, [], `The pages had problems of their own:\n${problems.join('\n')}`);
  }

  /** What PHP said about the plugin since the last time. */
  #complaints() {
    const log = this.stack.network.debugLog();
    const fresh = log.slice(this.logged ?? 0);
    this.logged = log.length;
    return fresh.split('\n').filter((line) => /PHP (Warning|Notice|Deprecated|Fatal|Parse)/.test(line) && /wu[-_]cloudways/i.test(line)).map((line) => `PHP: ${line}`);
  }

  leave(tab) {
    this.#tabs.delete(tab);
  }
}

class Tab {
  constructor(browser, context, page, host) {
    Object.assign(this, { browser, context, page, problems: [], expected: [] });
    this.origin = host ? `http://${host}` : browser.stack.network.url;
  }

  async listen() {
    const { page } = this;
    // What a screen reader is told while the page is open, across pages.
    await this.context.addInitScript(() => {
      const live = '[aria-live]:not([aria-live="off"]), [role="status"], [role="alert"], [role="log"]';
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(live);
          const words = region?.innerText.trim();
          if (words) sessionStorage.setItem('told', JSON.stringify([...JSON.parse(sessionStorage.getItem('told') ?? '[]'), words]));
        }
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    await this.context.route((url) => !/(^|\.)example$/.test(url.hostname) && /^https?:/.test(url.protocol), (route) => {
      const { hostname } = new URL(route.request().url());
      if (!PICTURES.test(hostname)) this.problem(`the page asked the outside: ${route.request().url()}`);
      return route.fulfill({ contentType: 'image/svg+xml', body: NOBODY });
    });
    page.on('pageerror', (error) => this.problem(`an error of a script: ${error.stack ?? error}`));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // That a resource failed is said below, with its address.
      if (!message.text().startsWith('Failed to load resource')) this.problem(`in the console: ${message.text()}`);
    });
    page.on('requestfailed', (request) => {
      // A page that is left gives up what it was asking.
      if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
      this.problem(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.problem(`${response.request().method()} ${response.url()}: HTTP ${response.status()}`);
    });
    page.on('dialog', (dialog) => (this.onDialog ? this.onDialog(dialog) : dialog.dismiss()));
  }

  problem(text) {
    if (!this.expected.some((pattern) => pattern.test(text))) this.problems.push(text);
  }

  /** Something that this test brings about on purpose is no problem. */
  expect(pattern) {
    this.expected.push(pattern);
    this.problems = this.problems.filter((text) => !pattern.test(text));
  }

  async logIn({ user, password }) {
    // The form's own script may move the focus while it is filled in: then once more.
    for (let tries = 1; ; tries++) {
      await this.page.goto(`${this.origin}/wp-login.php`, { waitUntil: 'load' });
      await this.page.fill('#user_login', user);
      await this.page.fill('#user_pass', password);
      await Promise.all([this.page.waitForNavigation({ waitUntil: 'domcontentloaded' }), this.page.click('#wp-submit')]);
      if (/^[^?]*\/wp-admin\//.test(this.page.url())) return;
      if (tries > 1) assert.fail(`Logging in as ${user} ended at ${this.page.url()}: ${await this.page.innerText('body')}`);
    }
  }

  /** Goes to a path of the network, and waits until all is there. */
  async go(path) {
    const response = await this.page.goto(path.startsWith('http') ? path : this.origin + path, { waitUntil: 'load' });
    await this.noNotices();
    return response;
  }

  /** PHP says nothing in the page itself. */
  async noNotices() {
    const body = await this.page.evaluate(() => document.body?.innerText ?? '');
    const found = /^.*\b(Fatal error|Parse error|Warning|Notice|Deprecated)\b: .*\bon line \d+.*$/m.exec(body);
    assert.equal(found, null, `${this.page.url()} shows: ${found?.[0]}`);
    assert.doesNotMatch(body, /There has been a critical error|Il y a eu une erreur critique/, `${this.page.url()} broke${this.browser.stack.trouble()}`);
  }

  /** The words that are seen, in the plugin's parts or in what `selector` finds. */
  async words(selector = OURS) {
    return this.page.evaluate((wanted) => {
      const all = [...document.querySelectorAll(wanted)].filter((element) => element.checkVisibility());
      return all.filter((element) => !all.some((other) => other !== element && other.contains(element))).map((element) => element.innerText).join('\n');
    }, selector);
  }

  /** Waits until the plugin's parts (or `selector`) say something. */
  async says(expected, selector = OURS, patience = PATIENCE) {
    const is = (words) => (expected instanceof RegExp ? expected.test(words) : words.includes(expected));
    for (const end = Date.now() + patience; ; await sleep(200)) {
      const words = await this.words(selector).catch(() => '');
      if (is(words)) return words;
      if (Date.now() > end) assert.fail(`${this.page.url()} does not say ${expected}. It says:\n${words.slice(0, 4000)}${this.browser.stack.trouble()}`);
    }
  }

  /** What a screen reader was told since the last time. */
  told() {
    return this.page.evaluate(() => {
      const told = JSON.parse(sessionStorage.getItem('told') ?? '[]');
      sessionStorage.removeItem('told');
      return [...new Set(told)];
    });
  }

  /** Presses something that leads to another page (or to the same again), and waits until that is there. */
  async press(selector) {
    await this.leads(() => this.page.locator(selector).first().click());
  }

  /** Does something that leads to another page, and waits until that is there. */
  async leads(deed) {
    await Promise.all([this.page.waitForEvent('load'), deed()]);
    await this.noNotices();
  }

  /**
   * Fails on what axe finds: anything in the plugin's parts, and on the rest of the page what a page of WordPress without
   * them does not have.
   * @param {string} what the screen, for the message
   * @param {{page?: boolean}} [options] page: false looks at the plugin's parts alone (pages of Ultimate Multisite)
   */
  async axe(what, { page: whole = true } = {}) {
    const found = await this.#violations(whole);
    const elsewhere = whole ? await this.#baseline() : new Set();
    const bad = found.filter(({ ours, key }) => ours || (whole && !elsewhere.has(key)));
    assert.deepEqual(bad.map(({ text }) => text), [], `axe on ${what}:\n${bad.map(({ text }) => text).join('\n\n')}`);
  }

  async #violations(whole = true) {
    await this.page.evaluate(axeSource());
    return this.page.evaluate(async ([ours, all]) => {
      const parts = [...document.querySelectorAll(ours)].filter((part) => !part.parentElement.closest(ours));
      if (!all && !parts.length) return [];
      const { violations } = await window.axe.run(all ? document : parts, {
        resultTypes: ['violations'],
        runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
      });
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, html, failureSummary }) => {
          const element = document.querySelector([target].flat(2)[0]);
          return { key: `${id} ${[target].flat(2).join(' ')}`, ours: Boolean(element?.closest(ours)), text: `${id}: ${help}\n  ${html.slice(0, 300)}\n  ${failureSummary.replace(/\s+/g, ' ')}` };
        }),
      );
    }, [OURS, whole]);
  }

  /** What axe finds on a page of the network admin that is WordPress's alone. */
  async #baseline() {
    const { width, height } = this.page.viewportSize();
    const known = (this.browser.baselines ??= new Map());
    if (!known.has(width)) {
      const other = await this.browser.open({ width, height });
      await other.go('/wp-admin/network/sites.php');
      const here = await other.#violations();
      await other.go('/wp-admin/about.php');
      known.set(width, new Set([...here, ...(await other.#violations())].filter(({ ours }) => !ours).map(({ key }) => key)));
      await other.close();
    }
    return known.get(width);
  }

  /** How many pixels the page is wider than its window. */
  sideways() {
    return this.page.evaluate(() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth);
  }

  /**
   * Texts of the plugin's parts that lie on each other, or that are cut off by the window: a line for each. What a box
   * scrolls, or a screen reader alone sees, is not meant.
   */
  overlaps() {
    return this.page.evaluate((ours) => {
      const range = document.createRange();
      const boxes = [];
      const seen = new Set();
      for (const part of document.querySelectorAll(ours)) {
        const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const parent = node.parentElement;
          if (seen.has(node) || !node.data.trim() || ['SCRIPT', 'STYLE', 'OPTION', 'METER', 'PROGRESS', 'TEMPLATE'].includes(parent.tagName)) continue;
          seen.add(node);
          if (!parent.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || parent.closest('.screen-reader-text, .toggle-row, .row-actions')) continue;
          let scrolled = false;
          for (let box = parent; box; box = box.parentElement) if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX) && box !== document.body && box !== document.documentElement) scrolled = true;
          range.selectNodeContents(node);
          for (const { left, right, top, bottom } of range.getClientRects()) {
            if (right - left < 2 || bottom - top < 2) continue;
            boxes.push({ node, left, right, top: top + scrollY, bottom: bottom + scrollY, scrolled });
          }
        }
      }
      const width = document.documentElement.clientWidth;
      const said = new Set();
      for (const box of boxes) if (!box.scrolled && (box.left < -1 || box.right > width + 1)) said.add(`outside the window: ${box.node.data.trim().slice(0, 60)}`);
      for (let i = 0; i < boxes.length; i++) {
        for (let j = i + 1; j < boxes.length; j++) {
          const [a, b] = [boxes[i], boxes[j]];
          if (a.node === b.node) continue;
          const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
          if (x > 3 && y > Math.min(a.bottom - a.top, b.bottom - b.top) / 2) said.add(`on each other: "${a.node.data.trim().slice(0, 50)}" and "${b.node.data.trim().slice(0, 50)}"`);
        }
      }
      return [...said].slice(0, 20);
    }, OURS);
  }

  /** What has the focus: a name as a screen reader would say it, and whether it looks other than without the focus. */
  focus() {
    return this.page.evaluate((ours) => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const still = document.head.appendChild(document.createElement('style'));
      still.textContent = '* { transition: none !important; animation: none !important; }';
      const look = () => {
        // A little more or less of a colour is not enough to see it by.
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, borderWidth } = getComputedStyle(element);
        return JSON.stringify([outlineStyle === 'none' ? '' : [outlineStyle, outlineWidth, outlineColor], boxShadow, borderWidth === '0px' ? '' : borderColor]);
      };
      const focused = look();
      element.blur();
      const plain = look();
      element.focus({ focusVisible: true, preventScroll: true });
      still.remove();
      return {
        tag: element.tagName.toLowerCase(),
        mark: element.dataset.wuCloudways ?? '',
        name: (element.getAttribute('aria-label') || element.innerText || element.labels?.[0]?.innerText || element.value || '').trim().slice(0, 80),
        ours: Boolean(element.closest(ours)),
        visible: focused !== plain,
      };
    }, OURS);
  }

  /** The page puts the focus on what `selector` finds, at the latest when all of it is there. */
  async focuses(selector, message) {
    await this.page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector, { timeout: 5000 }).catch(async () => {
      assert.fail(`${message}: it is on ${JSON.stringify(await this.focus())}`);
    });
  }

  /** The button or link that does `what` of the plugin; `name` is the domain it is about. */
  does(what, name) {
    const is = `[data-wu-cloudways="${what}"]`;
    return this.page.locator(name ? `${is}[value="${name}"], tr[data-name="${name}"] ${is}` : is).first();
  }

  /** Presses it, and waits for the page that follows. Row actions are shown while the pointer is over the row. */
  async act(what, name) {
    const target = this.does(what, name);
    if (name) await target.locator('xpath=ancestor::tr').first().hover();
    await this.leads(() => target.click());
  }

  /** Presses Tab (bounded) until the focus is on what `selector` finds; gives what had it on the way. */
  async tabTo(selector, most = 150) {
    const way = [];
    for (let i = 0; i < most; i++) {
      await this.page.keyboard.press('Tab');
      const focus = await this.focus();
      if (focus) way.push(focus);
      if (await this.page.evaluate((wanted) => Boolean(document.activeElement?.matches(wanted)), selector)) return way;
    }
    assert.fail(`${selector} was not reached by ${most} times Tab; the last that had the focus: ${JSON.stringify(way.slice(-5))}`);
  }

  /** A picture, to look at: only when WU_PICTURES names a folder. */
  async picture(name, options = {}) {
    if (process.env.WU_PICTURES) await this.page.screenshot({ path: join(process.env.WU_PICTURES, `${name}.png`), fullPage: true, ...options });
  }

  /** Its problems stay, for tidy(). */
  async close() {
    this.browser.kept.push(...this.problems.splice(0));
    this.browser.leave(this);
    await this.context.close();
  }
}

let source;
function axeSource() {
  source ??= readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
  return source;
}
