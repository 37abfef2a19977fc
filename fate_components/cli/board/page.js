"use strict";

const EVERY = 2000; // milliseconds between two questions
const LIMIT = 20000; // and until an answer must be there
const at = id => document.getElementById(id);

/** An element with properties and children; texts are never read as HTML. */
function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Write a text if it is another one, so that what somebody has selected stays so. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Make the children of an element those of a list, and keep the elements of items that stay.
 * create(item) makes one; update(element, item) fills it.
 */
function sync(parent, items, key, create, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = String(key(item));
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    update(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  old.forEach(child => child.remove());
}

/** How long something lasts, in its largest unit, like `fatectl status` tells it. */
function lasting(seconds) {
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= 2 * length) return `${Math.round(seconds / length)} ${unit}`;
  }
  return `${Math.round(Math.max(seconds, 0))} s`;
}

const ago = (time, now) => lasting((new Date(now) - new Date(time)) / 1000);

function moment(time) {
  const date = new Date(time);
  const two = number => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `
    + `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function size(bytes) {
  const mib = bytes / 2 ** 20;
  return mib < 1024 ? `${mib.toFixed(0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

async function ask(path) {
  const answer = await fetch(path, {signal: AbortSignal.timeout(LIMIT)});
  return answer.json();
}

// The parties

const COLUMNS = [
  ["Service", "", () => ""],
  ["State", "", () => ""],
  ["Since", "number", (one, now) => one.since ? ago(one.since, now) : "–"],
  ["Memory", "number", one => one.memoryBytes === null ? "–" : size(one.memoryBytes)],
  ["CPU", "number loose", one => one.cpuCores === null ? "–" : `${(one.cpuCores * 100).toFixed(1)}%`],
  ["Restarts", "number loose", one => one.since ? String(one.restarts) : "–"],
  ["Docker host", "host loose", one => one.host],
  ["Ports", "mono loose", one => one.ports.join(" ") || "–"],
];

function partyCard(party) {
  const head = make("div", {className: "head"}, make("h2"),
    make("span", {className: "where quiet"}), make("span", {className: "pill"}));
  const titles = COLUMNS.map(([title, css]) => make("th", {className: css, scope: "col"}, title));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...titles)), make("tbody"));
  return make("article", {className: "card", id: `party-${party.party}`}, head,
    make("ul", {className: "addresses"}), table);
}

/** How services are altogether: the worst condition among them, and a text. */
function together(services) {
  const count = {ill: 0, unknown: 0, changing: 0, well: 0};
  services.forEach(one => { count[one.condition] += 1; });
  const bad = count.ill + count.changing;
  const parts = [
    bad ? `${bad} of ${services.length} not healthy` : "",
    count.unknown ? `${count.unknown} unknown` : "",
  ].filter(Boolean);
  return {
    condition: Object.keys(count).find(condition => count[condition]) ?? "unknown",
    text: parts.join(", ") || `${services.length} healthy`,
  };
}

function fillParty(card, party, now) {
  const hosts = new Set(party.services.map(one => one.host));
  const pill = card.querySelector(".pill");
  card.classList.toggle("one-host", hosts.size === 1);
  write(card.querySelector(".where"), hosts.size === 1 ? `on ${[...hosts][0]}` : "");
  write(card.querySelector("h2"), party.title);
  const all = together(party.services);
  write(pill, all.text);
  pill.className = `pill ${all.condition}`;
  sync(card.querySelector(".addresses"), party.addresses, one => one.name + one.address,
    one => make("li", {}, make("span", {className: "name"}, one.name), " ", address(one)),
    () => {});
  sync(card.querySelector("tbody"), party.services, one => one.container, one => {
    const open = make("button", {type: "button", title: `Log of ${one.container}`}, one.service);
    open.addEventListener("click", () => showLog(party, one));
    const cells = COLUMNS.map(([, css]) => make("td", {className: css}));
    cells[0].append(open);
    cells[1].append(make("span", {className: "pill"}));
    return make("tr", {}, ...cells);
  }, (row, one) => {
    const state = row.querySelector(".pill");
    write(state, one.word);
    state.className = `pill ${one.condition}`;
    COLUMNS.slice(2).forEach(([, , text], index) => write(row.cells[index + 2], text(one, now)));
  });
}

function address(one) {
  if (one.onlyOn !== null) {
    const only = make("span", {className: "quiet"}, ` on ${one.onlyOn}`);
    only.title = `Only programs on Docker host ${one.onlyOn} reach it: see fatectl open.`;
    return make("span", {}, make("span", {className: "mono"}, one.address), only);
  }
  const css = {className: "mono"};
  return one.address.startsWith("http")
    ? make("a", {...css, href: one.address, target: "_blank", rel: "noreferrer"}, one.address)
    : make("span", css, one.address);
}

// The rest

function fillHead(live) {
  const services = live.parties.flatMap(party => party.services);
  const all = together(services);
  const silent = live.hosts.filter(host => host.silence);
  const asked = live.hosts.some(host => host.asked);
  document.title = `${live.healthy || asked ? "" : "✕ "}${live.stack ?? "FATE"}`;
  write(at("stack"), live.stack ? `Stack ${live.stack}` : "FATE");
  write(at("release"), live.release ?? "");
  write(at("health"), asked ? "asking…"
    : !services.length ? (silent.length ? "no answer" : "no containers")
    : silent.length && all.condition === "well" ? `${all.text}, a Docker host does not answer`
    : all.text);
  at("health").className = `pill ${asked ? "" : live.healthy ? "well" : "ill"}`;
  write(at("time"), moment(live.time).slice(11));
  const notes = [
    ...silent.map(host => {
      const runs = host.parties.length ? `, which runs ${parties(host.parties)},` : "";
      const last = host.answered ? ` It last answered ${ago(host.answered, live.time)} ago.` : "";
      return {
        key: `host ${host.host}`,
        css: "note ill",
        text: `Docker host ${host.host}${runs} does not answer: ${host.silence}.${last}`,
      };
    }),
    ...live.notes.map(note => ({key: note, css: "note plain", text: `Note: ${note}.`})),
  ];
  sync(at("notes"), notes, note => note.key,
    note => make("p", {className: note.css}), (element, note) => write(element, note.text));
}

function parties(names) {
  const ids = names.map(name => name === "exchange" ? "the exchange" : `party ${name}`);
  return ids.length > 1 ? `${ids.slice(0, -1).join(", ")} and ${ids.at(-1)}` : ids[0];
}

const drawing = at("picture").attachShadow({mode: "open"}); // its styles are its own
let drawn = "";

function fillPicture(live) {
  at("picture-section").hidden = live.picture === null;
  if (live.picture === null || live.picture === drawn) return;
  drawn = live.picture;
  drawing.innerHTML = drawn;
  const svg = drawing.querySelector("svg");
  const width = Number(svg.getAttribute("width"));
  svg.setAttribute("style",
    `display: block; height: auto; max-width: 100%; min-width: ${Math.round(width * 0.7)}px`);
}

function fillJobs(live) {
  const faults = Object.entries(live.jobFaults);
  sync(at("job-notes"), faults, ([party]) => party,
    () => make("p", {className: "note changing"}),
    (element, [party, why]) => write(element, `The jobs of party ${party} are not known now: ${why}`));
  at("jobs").hidden = !live.jobs.length;
  at("no-jobs").hidden = live.jobs.length > 0 || faults.length > 0;
  write(at("no-jobs"), live.jobsAsked ? "asking…" : "There are no jobs.");
  at("older-jobs").hidden = !live.olderJobs;
  write(at("older-jobs"), `${live.olderJobs} older jobs: see fatectl jobs PARTY.`);
  sync(at("jobs").tBodies[0], live.jobs, job => job.job, job => make("tr", {},
    make("td", {className: "mono"}, job.job),
    make("td", {}, make("span", {className: "pill"})),
    make("td", {}, make("div", {className: "chips"}), make("div", {className: "quiet"})),
    make("td", {}), make("td", {className: "number"})),
  (row, job) => {
    const [, outcome, who, started, took] = row.cells;
    write(outcome.firstChild, job.status);
    outcome.firstChild.className = `pill ${job.condition}`;
    sync(who.firstChild, job.parties, one => `${one.role} ${one.party}`, () => make("span"),
      (chip, one) => {
        const differs = one.status === job.status ? "" : `: ${one.status}`;
        write(chip, `${one.role} ${one.party}${differs}`);
        chip.className = one.condition;
        chip.title = one.status;
      });
    const notes = job.parties.filter(one => one.note);
    write(who.lastChild, notes.map(one => `${one.role} ${one.party} ${one.note}`).join("; "));
    write(started, job.started ? moment(job.started) : "–");
    write(took, job.seconds === null ? "–" : lasting(job.seconds));
  });
}

function fillChecks(live) {
  sync(at("checks"), live.checks, check => check.title, check => make("li", {},
    make("div", {className: "head"}, make("strong", {}, check.title),
      make("span", {className: "pill"}), make("span", {className: "when quiet"})),
    make("code", {className: "said"})),
  (item, check) => {
    const [, state, when] = item.firstChild.children;
    write(state, check.outdated ? "outdated" : "success");
    state.className = `pill ${check.outdated ? "changing" : "well"}`;
    state.title = check.outdated ? "A container that took part was replaced or removed since then." : "";
    write(when, check.when ? `${ago(check.when, live.time)} ago` : "");
    when.title = check.when ? moment(check.when) : "";
    write(item.lastChild, check.said);
  });
  at("checks-note").hidden = !live.checksNote;
  write(at("checks-note"), live.checksNote);
}

// A log

let shownLog = null;

function showLog(party, one) {
  shownLog = {party: party.party, service: one.service};
  write(at("log-title"), `${one.service} of ${party.title.replace(/^[PE]/, first => first.toLowerCase())}`);
  write(at("log-of"), [one.container, one.image, `Docker host ${one.host}`].filter(Boolean).join(" · "));
  at("log-lines").replaceChildren();
  at("log-note").hidden = true;
  at("log").showModal();
  readLog();
}

async function readLog() {
  const asked = shownLog;
  if (!asked) return;
  let answer;
  try {
    answer = await ask(`log.json?${new URLSearchParams(asked)}`);
  } catch (error) {
    answer = {error: `No answer: ${error.message}`};
  }
  if (asked !== shownLog) return;
  const box = at("log-lines");
  const followed = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  at("log-note").hidden = !answer.error && answer.lines.length > 0;
  at("log-note").className = `note ${answer.error ? "ill" : "plain"}`;
  write(at("log-note"), answer.error ?? "It has written nothing.");
  if (answer.lines) {
    // The same line may be there twice, at the same time.
    const counts = new Map();
    const lines = answer.lines.map(([time, text]) => {
      const number = counts.get(time + text) ?? 0;
      counts.set(time + text, number + 1);
      return {time, text, key: `${time} ${number} ${text}`};
    });
    sync(box, lines, line => line.key, line => {
      const time = make("time", {dateTime: line.time}, moment(line.time).slice(5));
      return make("div", {}, time, line.text);
    }, () => {});
    if (followed) box.scrollTop = box.scrollHeight;
  }
}

at("log").addEventListener("close", () => { shownLog = null; });
at("log-close").addEventListener("click", () => at("log").close());
at("log").addEventListener("click", event => { if (event.target === at("log")) at("log").close(); });

// Again and again

let last = null;

async function refresh() {
  try {
    last = await ask("live.json");
    document.body.classList.remove("stale");
    fillHead(last);
    sync(at("parties"), last.parties, party => party.party, partyCard,
      (card, party) => fillParty(card, party, last.time));
    fillPicture(last);
    fillJobs(last);
    fillChecks(last);
  } catch (error) {
    document.body.classList.add("stale");
    write(at("health"), "fatectl board does not answer");
    at("health").className = "pill ill";
    console.error(error);
  }
  await readLog();
}

async function goOn() {
  if (!document.hidden) await refresh();
  setTimeout(goOn, EVERY);
}

goOn();
