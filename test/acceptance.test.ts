import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

// What the console is held to: 57 checks of its design, and U1 to U16, what a first look at it in a browser found wrong. A test in
// test/e2e names the rows it drives by their numbers in brackets at the end of its name, parted by commas.
const rows: Readonly<Record<string, string>> = {
  '1': 'a fresh folder: the first page chooses a password, and no request is served before',
  '2': 'from elsewhere a set-up code is wanted, and wrong ones lock it',
  '3': 'the guide by keyboard alone, in two minutes, to a streamed answer',
  '4': 'the guide goes on where it was left, and ends once',
  '5': 'a device code that expires, is denied or wants patience has words and a way on',
  '6': 'the key of the guide works, and is nowhere afterwards',
  '7': 'the language of the browser',
  '8': 'wrong passwords close the form for a while, to the right one too',
  '9': 'nobody is sent to another site after sign-in',
  '10': 'no secret in what the browser keeps, nor in an address',
  '11': 'the content security policy holds on pages, dialogs and messages',
  '12': 'a form outlives its session and is saved once',
  '13': 'signed out everywhere, the other browser within seconds',
  '14': 'secrets leave only after the password, asked for once in five minutes',
  '15': 'HTML and links of a model do nothing',
  '16': 'HTML in notes and log lines is text',
  '17': 'by plain HTTP pages load, and copying tells the truth',
  '18': 'a pool in which nobody serves is told of first, with a way there',
  '19': 'range and filters are in the address, and hold for all figures',
  '20': 'arrow keys go through a chart, whose values are read out',
  '21': 'a chart and its table are the same; only streams count for the first token',
  '22': 'days are those of the zone that is named',
  '23': '2,000 accounts at once; chips and text in the address',
  '24': 'work on all that match: progress, leaving, cancelling, what failed',
  '25': 'a switch shows at once, goes back when refused, is undone',
  '26': 'what was deleted comes back, one by Undo, three from the list',
  '27': 'a hundred lines: looked at, imported, known the second time',
  '28': 'files of the original in either spelling',
  '29': 'signing in again keeps the account, by its own proxy',
  '30': 'a suspension in the words of the provider, and since when',
  '31': 'the key of a new user once; ten users in one file',
  '32': 'a rotated key with an hour of grace, and with none',
  '33': 'a limit that is reached says so, when it ends, and why a request was refused',
  '34': 'a request of two accounts is one row',
  '35': '10,000 rows of the log scroll without a pause',
  '36': 'live rows in batches, which a pointer holds still',
  '37': 'J, K and Esc over the list as it is shown',
  '38': 'an export is the filtered rows, and nothing in it computes',
  '39': 'one’s own address asks twice; a block for a time ends',
  '40': 'the password of a proxy stays on the server',
  '41': 'mapped and forced models, at the provider and in the log',
  '42': 'composing, a line more, and Stop in the playground',
  '43': 'chats outlive a reload; none is left when all are deleted',
  '44': 'the log of the server comes back by itself, and is searched',
  '45': 'settings: wrong values, two windows, locked fields',
  '46': 'a restore does what was foreseen, and is undone',
  '47': 'what is given to paste works; tools are offered where they can',
  '48': 'the support report names nobody',
  '49': 'axe finds nothing, in both languages and themes',
  '50': 'five tasks without a mouse',
  '51': 'from 360 px on everything fits, and fingers find it',
  '52': 'longer words are neither cut nor pushed out',
  '53': 'less motion, and forced colours',
  '54': 'eight tabs leave room for a ninth',
  '55': 'the weight and the time of the first page',
  '56': 'a server that goes and comes; a new version',
  '57': 'no other host is asked for anything',
  U1: 'rows that stay: menu and focus outlive an answer',
  U2: 'the focus is never lost',
  U3: 'accounts are told apart',
  U4: 'the state is what holds now, and trouble has a way out',
  U5: 'rows are low and quiet',
  U6: 'refusals in the language of the reader',
  U7: 'first contact',
  U8: 'each field of the set-up code’s page has its own error',
  U9: 'nothing moves the page',
  U10: 'a server that is away is no new version',
  U11: 'the playground says what goes on while nothing comes',
  U12: 'layout, and what is lost by a glance aside',
  U13: 'weak passwords',
  U14: 'chats that can be read, and are kept',
  U15: 'words that nobody would say',
  U16: 'commands never make a gateway where there is none',
}

/** What of a row no test drives, and why; each has a test all the same. */
const undriven: Readonly<Record<string, string>> = {
  '20': 'zooming with the mouse is cut: the range has its own fields and arrows',
  '35': 'frames in a second are the machine’s: the longest task and the work of a screenful are measured instead',
  '38': 'how a program for spreadsheets shows the file is looked at by a person',
  '39': 'there is no page of addresses: they are a view of the log',
  '50': 'a person does the same before a release',
  '51': 'pictures are made by bun run screenshots and looked at by a person, not compared',
  '52': 'that both dictionaries have the same keys and places is test/ui/dictionaries',
  '57': 'marks of others are looked for by a person, in the pictures',
  U6: 'that every code has words in both languages is test/ui/session',
  U15: 'how well words read is judged by a person',
}

const folder = path.join(import.meta.dir, 'e2e')
const files = readdirSync(folder).filter((file) => file.endsWith('.e2e.ts'))
/** What tests are called: the first text after `test(`, `describe(` or the second brackets of `test.each(…)(`. */
const names = files.flatMap((file) =>
  [...readFileSync(path.join(folder, file), 'utf8').matchAll(/(?:\b(?:test|describe)|\))\(\s*(['"`])(.*?)\1,/g)].map(
    (match) => match[2] ?? '',
  ),
)
const driven = new Set(
  names.flatMap((name) => [...name.matchAll(/\((U?\d+(?:, U?\d+)*)\)/g)].flatMap(([, list = '']) => list.split(', '))),
)

test('every row that the console is held to is driven by a test', () => {
  expect(names.length).toBeGreaterThan(300)
  expect(Object.keys(rows).filter((row) => !driven.has(row))).toEqual([])
})

test('no test and no excuse names a row that there is not', () => {
  expect([...driven, ...Object.keys(undriven)].filter((row) => !(row in rows))).toEqual([])
})
