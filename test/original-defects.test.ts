import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dir, '..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

/** The numbered defects of the original, and for each the tests that show that it is not here, by file and title. */
const shown: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  // security
  'D-01 accounts sent to a third party': [
    ['no-third-party', 'the network is reached through Effects alone'],
    ['e2e/outbound.e2e', 'from the start to the stop, through all it does by itself and for others, only configured'],
  ],
  'D-03 an empty backup deletes everything': [['backup/backup', 'what is none, or empty, changes nothing']],
  'D-04 open without a key': [['e2e/attacks.e2e', 'asks for who calls under /v1 too']],
  'D-05 counting tokens is open and without a bound': [
    ['e2e/attacks.e2e', 'are cut off where their length is not said, on every route that reads one'],
    ['e2e/anthropic.e2e', '25 counts at once are answered, and nobody else is asked'],
  ],
  'D-12 secrets in the clear': [
    ['e2e/secrets.e2e', 'in the database and its journal while the server runs, or in any other file of its folder'],
    ['admin/secrets', 'no answer and no log line carries a secret'],
  ],
  'D-25 anybody’s X-Forwarded-For': [
    ['app/addresses', 'what a client behind an untrusted proxy says of itself counts'],
  ],
  'D-36 an empty password': [['admin/original-contract', "why: 'D-36'"]],
  'D-43 the password admin, for ever': [
    ['admin/session', 'the first password opens the change step alone, and ends with it'],
    ['admin/session', 'after five wrong tries a peer waits, and the right password does not help it meanwhile'],
  ],
  'D-44 the model’s HTML runs in the console': [
    ['e2e/console.e2e', 'the page comes with the content security policy, for every path of its own'],
  ],
  'D-55 the password in a cookie': [
    ['admin/session', 'the right password opens a session whose cookie is out of reach of scripts and other sites'],
    ['admin/session', 'signing out ends the session and its cookie'],
  ],
  'D-56 the password in an address': [['admin/session', 'no credential is taken from an address']],
  'D-57 secrets and prompts in logs': [
    ['e2e/secrets.e2e', 'in what the process wrote, at the most talkative level'],
    ['admin/proxies', 'never show a password: not in answers, refusals or the log'],
  ],
  'D-58 one test password for all, and holes beside it': [
    ['admin/people', 'in test mode without a test password nobody does those things'],
    ['admin/routes', 'needs the test password as %s does, whose work it can do'],
  ],
  'D-59 listed folders, no security headers': [
    ['e2e/attacks.e2e', 'are reached by no spelling of a path'],
    ['e2e/headers.e2e', 'nobody frames it, guesses its type or learns from where it was asked'],
  ],
  'D-60 tool settings everybody can read': [
    ['admin/devtools', 'a file with a key in it is its owner’s alone'],
    ['e2e/attacks.e2e', 'the settings of tools in the home folder are for who sits at the machine alone'],
  ],
  'D-61 the admin API open to every page': [['e2e/headers.e2e', 'read nothing outside of the client APIs']],
  'D-62 conversations in a cache on disk': [
    ['e2e/secrets.e2e', 'in the database and its journal while the server runs, or in any other file of its folder'],
    ['e2e/responses.e2e', 'are never on disk, and a restart forgets them'],
  ],
  'D-63 keys from Math.random': [
    ['access/key', 'a new key is sk- and 48 letters and digits, and never the same twice'],
  ],
  'D-64 bodies without a limit': [
    ['e2e/attacks.e2e', 'are refused by what they say they are, on every route, before anything of them is read'],
  ],
  'D-65 the operator locks himself out': [
    ['app/addresses', '%s holds this machine and is refused'],
    ['e2e/limits.e2e', 'neither this machine nor who asks is blocked by accident'],
  ],
  // the client APIs
  'D-14 text that looks like a tag is swallowed': [
    ['upstream/thinking', 'text without the tag passes unchanged at any cut'],
  ],
  'D-66 an end tag in two chunks': [['upstream/thinking', 'with the tag both sides are exact at any cut']],
  'D-15 every stream says end_turn': [
    ['dialect/random-replies', 'a Messages stream is sound and reads back as the same blocks'],
    ['dialect/left-out', 'says tool_calls after tool calls'],
  ],
  'D-18 tools lost on the OpenAI route': [['e2e/openai.e2e', '%d parallel calls go round, streamed and whole']],
  'D-16 one account’s fault reaches the client': [['e2e/pool.e2e', 'and no client sees it, from the first round on']],
  'D-19 broken streams end like whole ones': [
    ['e2e/anthropic.e2e', 'a reply that breaks (%s) is an error event, never an end'],
  ],
  'D-20 errors in no API’s form': [
    ['dialect/errors', 'what each failure looks like'],
    ['e2e/anthropic.e2e', 'throttled: 429 with Retry-After; no capacity: 529'],
  ],
  'D-21 unknown models become Sonnet': [['e2e/models.e2e', '%s is 404 in both APIs, with near names and advice']],
  'D-22 a begun answer is dropped': [['upstream/encode', 'a reply the caller began is kept and asked to be continued']],
  'D-23 no keep-alive': [['e2e/openai.e2e', 'silence in the middle is kept alive too']],
  'D-24 tokens half counted': [
    ['usage/estimate', 'every part of a request counts'],
    ['e2e/anthropic.e2e', 'everything counts: system, tools, history'],
  ],
  'D-67 parameters ignored': [
    ['dialect/tolerance', 'what is asked for reaches the conversation'],
    ['e2e/openai.e2e', 'max_tokens cuts the reply and leaves the provider'],
  ],
  'D-68 deltas on stopped blocks, calls merged': [
    ['upstream/decode', 'however fragments of several calls and text are mixed, each comes out whole and in order'],
  ],
  'D-69 thinking without signature, tags in answers, history changed': [
    ['dialect/left-out', 'the signature of signed thinking, once, at its end; and makes none up'],
    ['upstream/encode', 'stands at the head of the first user message and stays there as the conversation grows'],
  ],
  'D-70 history not repaired': [
    ['upstream/encode', 'results come in the order of the calls, missing ones are filled in'],
    ['e2e/history.e2e', 'a history cut, dropped, doubled and mistyped is answered while its newest turn is sound'],
  ],
  'D-71 ids and members of answers': [['dialect/left-out', 'anything: as encoded it is sound']],
  'D-45 no models, no usage, no Responses': [
    ['e2e/anthropic.e2e', 'are listed in the API’s own shape, on one page'],
    ['e2e/openai.e2e', 'usage comes in a stream only when asked for, in a chunk of its own'],
    ['e2e/responses.e2e', 'read the same answer whole and streamed'],
  ],
  'D-35 panics': [
    ['access/key', 'a short key shows no more than half of itself'],
    ['relay/relay', 'an end without a closing event is an error, and so is a throw from below'],
  ],
  'D-72 uploads and streams cut by time': [
    ['e2e/edge.e2e', 'an upload that takes longer than the original’s fifteen seconds arrives'],
    ['e2e/replies.e2e', 'is waited for, kept alive and never asked twice'],
  ],
  'D-73 compression loses half': [
    [
      'contract/compress',
      'keeps calls with their results, the newest turn, the system’s words and the provider’s rules',
    ],
    [
      'contract/compress',
      'the newest that the user gave come before those of tools, and one that is named by its number before all',
    ],
  ],
  // accounts and data
  'D-02 a PATCH of an unknown account ends the process': [['admin/original-contract', "why: 'D-02, D-75'"]],
  'D-07 disabled accounts go on serving': [
    ['admin/accounts', '(D-07)'],
    ['pool/pool', 'an operator’s switch takes effect on the very next request'],
  ],
  'D-08 enabled: false is ignored': [
    ['admin/accounts', '(D-08)'],
    ['admin/proxies', '(D-08)'],
  ],
  'D-09 a refresh switches on what was off': [['admin/accounts', '(D-09)']],
  'D-10 quotas read with old tokens': [
    ['upstream/check', 'has a stale token replaced once'],
    ['admin/bulk', 'quotas are read of all that are on, each counted once by how it turned out'],
  ],
  'D-11 one failed refresh loses the token': [
    ['upstream/refresh', 'changes no token and is told as access not renewed, with the time of the next try'],
  ],
  'D-13 a client that leaves loses the rotated token': [
    ['upstream/client', 'whose token takes long to come is given up for now, while its refresh goes on'],
  ],
  'D-46 any refusal is a suspension, and deletes for good': [
    ['upstream/errors', 'whose fault it is'],
    ['admin/deleted', 'what many are deleted by can be taken back too'],
  ],
  'D-47 nothing is refreshed by itself': [
    ['upstream/refresh', 'is renewed in the background near its end, and a dead network there disturbs nobody'],
  ],
  'D-48 exhausted for a month': [['pool/health', 'spent quota rests until the provider’s own reset date']],
  'D-49 stale pool, no pause after throttling': [
    ['pool/health', 'last as long as the provider asks'],
    ['upstream/refresh', 'replaced a moment ago is not refreshed again: the account is at fault, not the token'],
  ],
  'D-17 network errors never tried again': [
    ['relay/relay', 'a passing fault is tried again after a pause, rather elsewhere'],
  ],
  'D-50 slow_down ends a sign-in, which knows no limit': [
    ['upstream/sign-in', 'waits five seconds longer after each slow_down'],
    ['admin/sign-in', '(D-50)'],
  ],
  'D-42 half a backup': [
    ['backup/backup', 'a backup holds everything, and another machine with another master key opens it'],
  ],
  'D-74 half an export': [['admin/bulk', 'an export with its secrets can be imported elsewhere and is the same there']],
  'D-75 unknown ids answer 200': [['admin/validation', 'an id that nothing has is not found']],
  'D-06 quotas work with the log on only': [
    ['e2e/limits.e2e', 'usage is counted with the request log off, and of a client that leaves'],
  ],
  'D-26 who leaves pays nothing': [
    ['e2e/limits.e2e', 'usage is counted with the request log off, and of a client that leaves'],
  ],
  'D-76 parallel requests overspend': [
    ['e2e/limits.e2e', 'of a hundred requests at once no limit lets more through than it allows'],
  ],
  'D-77 one price, failures counted': [
    ['catalog/prices', 'what the operator sets goes before the list, the longest match first'],
    ['e2e/limits.e2e', 'credits that the provider took for calls that gave nothing count'],
  ],
  'D-28 the window of addresses is ignored': [['access/ip-rules', 'the window is as long as it is set']],
  'D-78 an address’s day counts for users alone': [
    ['e2e/limits.e2e', 'one address may have limits of its own, a minute and a day, at once'],
  ],
  'D-40 notes that stay, a cache that grows': [
    ['admin/original-contract', "why: 'D-40'"],
    ['access/ip-rules', 'addresses beyond the bound are forgotten, the longest quiet first'],
  ],
  'D-37 two lists of blocked addresses': [
    ['admin/settings', 'the whole answer can be sent back and changes nothing but what was changed in it'],
    ['admin/deleted', 'blockedIPs: []'],
  ],
  'D-33 a stop loses rows': [
    ['e2e/process.e2e', 'a stop lets 100 open streams finish, refuses new work meanwhile and exits with 0'],
    ['jobs/jobs', 'writes in batches after a short pause, and everything at a stop'],
  ],
  'D-79 full queues lose usage': [
    ['jobs/jobs', 'a row that cannot be written does not take its batch with it'],
    ['access/ledger', 'what cannot be written is kept and written later, once'],
  ],
  'D-80 data races': [
    ['config/resolve', 'is frozen all through'],
    ['admin/preconditions', 'of twenty who saw the same one wins'],
  ],
  'D-30 a broken file starts an empty server': [
    ['e2e/process.e2e', 'a broken configuration names file, line and reason, exit code 2'],
  ],
  'D-31 a relative data folder is not migrated': [
    ['moving/places', 'with a new data folder the first start takes the original’s database from the current folder'],
  ],
  'D-32 a port that has no effect': [['admin/settings', "'port', 'port stays 62311'"]],
  'D-34 test mode that is none': [
    ['config/resolve', 'test mode is turned on by %s, its password by the environment'],
    ['e2e/process.e2e', 'test mode %s'],
  ],
  'D-41 tool settings overwritten': [['admin/devtools', '(D-41)']],
  'D-27 the proxy pool cannot be used': [
    ['e2e/console-proxies.e2e', 'the pool and the global proxy are set and unset'],
    ['e2e/proxies.e2e', 'an account’s refresh, quota, models and conversations go through its own proxy'],
  ],
  'D-29 another proxy for each request': [
    ['e2e/proxies.e2e', 'with the pool on an account takes always the same of its proxies'],
    ['e2e/proxies.e2e', 'new proxies are looked through without being asked for'],
  ],
  'D-81 sign-ins go around the proxy': [
    ['e2e/proxies.e2e', 'a device sign-in goes through the proxy it chose, and the account keeps that'],
    ['e2e/proxies.e2e', 'the global proxy serves who has none of their own, from the next request on'],
  ],
  // speed
  'D-39 the database is locked': [['store/engine', 'has WAL, the busy timeout, foreign keys']],
  'D-82 settings and users read for each request': [
    ['access/admit', 'a known key is looked up once until its time in the cache is over'],
  ],
  'D-83 a query for each row of a list': [['admin/reads', 'a list of many costs as many reads as a list of few']],
  'D-84 statistics scan the log': [
    ['store/requests', 'a search by %s reads no row and sorts nothing'],
    ['store/rollups', 'of a time whose rows are gone come by whole hours'],
  ],
  'D-85 lists without an end': [
    ['admin/original-contract', 'D-85'],
    ['admin/logs', 'reads on only as fast as it is taken'],
  ],
  'D-86 the tokenizer runs on every fragment': [
    ['usage/meter', 'many deltas cost few tokenizer runs'],
    ['usage/estimate', 'counts a repeated text only once'],
  ],
  'D-87 a log file that grows': [['e2e/logs.e2e', 'no log is written into the data folder']],
  // the console
  'D-38 looking at the settings makes a key': [
    ['admin/settings', 'the whole answer can be sent back and changes nothing but what was changed in it'],
  ],
  'D-51 a claim every five seconds': [
    ['upstream/sign-in', 'shows the code, polls by itself, and hands over what it got'],
    ['e2e/console.e2e', 'a device sign-in adds an account as soon as the provider’s page allows it'],
  ],
  'D-52 log lines nobody can read': [['admin/streams', 'the server log is told as it is written']],
  'D-53 failures that are not shown': [['e2e/console-care.e2e', 'a refusal is said in Chinese']],
  'D-88 wrong counters, deleting unasked': [
    ['e2e/console-lists.e2e', 'the state is what holds now, the counts add up'],
    ['e2e/console-lists.e2e', 'what is asked before deleting'],
  ],
  'D-89 a shop’s leftovers': [['no-third-party', 'addresses in the source are the provider’s']],
  'D-90 Chinese only, no phones, no keyboards': [
    ['e2e/console.e2e', 'axe finds nothing, nothing scrolls sideways'],
    ['ui/dictionaries', 'both languages have the same keys'],
  ],
  'D-91 a hidden, empty log': [['admin/logs', 'the newest requests come first, by page']],
  // the build
  'D-54 a build that fails when it succeeds': [
    ['original-defects', 'what is built is started before it counts as built'],
  ],
  'D-92 a stale build passes for a new one': [['console/assets', 'is also one whose manifest is damaged']],
  'D-93 a repository that cannot be built': [['original-defects', 'holds no program and no archive']],
  'D-94 artefacts that are not made': [['original-defects', 'names no command that is not there']],
  'D-95 a README that is wrong': [['original-defects', 'names no command that is not there']],
}

describe('the original’s defects', () => {
  test('are all in the list, each once', () => {
    const ids = Object.keys(shown).map((name) => name.slice(0, 4))
    expect(ids.toSorted()).toEqual(Array.from({ length: 95 }, (_, at) => `D-${String(at + 1).padStart(2, '0')}`))
  })

  test.each(Object.entries(shown))('%s: the tests that show it are there', (_, proofs) => {
    for (const [file, title] of proofs) {
      const name = ['', '.test'].map((kind) => `test/${file}${kind}.ts`).find((one) => existsSync(path.join(root, one)))
      expect([file, name !== undefined]).toEqual([file, true])
      expect([file, title, read(name ?? '').includes(title)]).toEqual([file, title, true])
    }
  })
})

test.each(['README.md', 'README.zh-CN.md'])('%s names no command that is not there', (file) => {
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)
  const named = [...read(file).matchAll(/(?:npm|bun) run (?:--silent )?([\w:-]+)(?![\w:./-])/g)].map(
    ([, name = '']) => name,
  )
  expect(named.length).toBeGreaterThan(0)
  for (const name of named) expect(scripts).toContain(name)
  for (const [, link = ''] of read(file).matchAll(/\]\(((?:docs|server|test)\/[^)#]+)/g))
    expect([link, existsSync(path.join(root, link))]).toEqual([link, true])
})

test('the source holds no program and no archive', () => {
  const skipped = new Set(['node_modules', '.venv', 'dist', '.git', 'console-dist'])
  const found: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name)
      if (entry.isDirectory() && !skipped.has(entry.name)) walk(name)
      if (!entry.isFile()) continue
      const { size } = statSync(path.join(root, name))
      if (size > 1_048_576 || /\.(exe|dll|so|dylib|zip|tar|gz|7z)$/.test(entry.name)) found.push(name)
    }
  }
  for (const folder of ['server', 'ui', 'test', 'docs', '.ci']) walk(folder)
  expect(found).toEqual([])
})

test('what is built is started before it counts as built', () => {
  const steps = read('.ci/run')
  expect(steps).toContain('set -euo pipefail')
  const [build, smoke] = ['npm run --silent build\n', 'npm run --silent smoke\n'].map((step) => steps.indexOf(step))
  expect([build ?? -1, smoke ?? -1].every((at) => at > 0) && (build ?? 0) < (smoke ?? 0)).toBe(true)
})
