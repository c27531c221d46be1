/** What people choose first, and what is therefore tried first: words, to which digits and signs add next to nothing. */
const words = new Set(
  `password passw0rd passwort motdepasse contrasena senha parola admin administrator root superuser operator manager test tester testing
  guest user username login default changeme changeit secret letmein welcome iloveyou loveyou sunshine princess monkey dragon shadow
  master superman batman spiderman football baseball basketball soccer hockey starwars pokemon michael michelle jennifer jessica
  ashley daniel charlie jordan thomas robert andrew joshua matthew anthony william alexander computer internet server database
  freedom whatever trustno1 access flower hello helloworld lovely forever family friends summer winter spring autumn january
  february march april june july august september october november december monday friday sunday qwerty qwertyuiop qwertz azerty
  asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc wsxedc woaini woaini1314 wodemima mima nihao zhongguo beijing shanghai taobao
  alibaba claude claudeserver anthropic openai gateway kiro amazon amazonq google facebook microsoft apple samsung killer hunter
  ranger buster tigger pepper ginger cookie cheese chocolate banana orange purple yellow mustang ferrari porsche mercedes harley
  corvette yamaha arsenal chelsea liverpool barcelona juventus maverick phoenix diamond silver golden matrix ninja samurai
  supersecret topsecret`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

const rows = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv5tgb',
]
const backwards = (text: string): string => [...text].toReversed().join('')
const walks = [...rows, ...rows.map(backwards)]
const spelling: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
const asLetters = (text: string): string => [...text].map((sign) => spelling[sign] ?? sign).join('')

/** Whether a password is among the first that are tried: one word, a walk over the keys or one short piece repeated, whatever digits end it. */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase().replace(/\s/g, '')
  const repeated = /^([\x21-\x7e]{1,4})\1+.{0,3}$/.exec(text)
  if (repeated !== null && (repeated[1]?.length ?? 0) * 2 <= text.length) return true
  const bare = text.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '')
  const spellings = [text, bare, asLetters(text), asLetters(bare), asLetters(text.replace(/[\d!@#$%^&*.?]+$/, ''))]
  if (spellings.some((one) => words.has(one) || words.has(backwards(one)))) return true
  return isWalk(text)
}

/** Made of at most two runs along the keys or the alphabet, with a date or less after them. */
function isWalk(text: string): boolean {
  let rest = text
  for (let runs = 0; runs < 2; runs++) {
    const length = longestRun(rest)
    if (length < 3) break
    rest = rest.slice(length)
  }
  return rest !== text && rest.length <= 2
}

function longestRun(text: string): number {
  let length = 0
  while (length < text.length && walks.some((walk) => walk.includes(text.slice(0, length + 1)))) length++
  return length
}
