import fc from 'fast-check'

type Json = unknown

/** What stands in place of a value that a client has lost, cut or mistyped. */
const strangers: readonly Json[] = [
  null,
  0,
  7,
  -1.5,
  true,
  false,
  '',
  ' ',
  'x',
  '{',
  '[1]',
  '{"a":1}{"b":2}',
  '"text"',
  '\ud83c',
  'a\nb',
  [],
  [[]],
  {},
  { '': 1 },
  { toString: '', valueOf: null },
  { type: 'text' },
  { type: 'image', source: { type: 'url', url: 'http://example.test/a.png' } },
  { type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'Qk0=' } },
  { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
  { type: 'image_url', image_url: { url: 'data:image/tiff;base64,AAAA' } },
  { type: 'tool_use', id: 'toolu_1', name: 'Read', input: '{"path":' },
  { type: 'tool_result', tool_use_id: 5, content: 5 },
  { type: 'a_future_kind', value: 1 },
  'user',
  'assistant',
  'system',
  'tool',
  'toolu_1',
  'call_1',
  'data:image/png;base64,!!!',
]

const deep = (levels: number): Json => (levels === 0 ? 1 : { a: [deep(levels - 1)] })

type Place = { readonly owner: Record<string, Json> | Json[]; readonly key: string }

/** Every place in a JSON value, in order. */
function placesIn(value: Json, found: Place[] = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, member] of Object.entries(value)) {
    found.push({ owner: value as Place['owner'], key })
    placesIn(member, found)
  }
  return found
}

type Damage = { readonly at: number; readonly how: (value: Json) => Json | typeof gone; readonly doubles: boolean }
const gone = Symbol('gone')

const hows: fc.Arbitrary<Damage['how']> = fc.oneof(
  fc.constantFrom(...strangers).map((stranger) => () => stranger),
  fc.constant(() => gone),
  fc.nat(400).map((at) => (value: Json) => (typeof value === 'string' ? value.slice(0, at) : value)),
  fc.constant((value: Json) => JSON.stringify(value)),
  fc.constant((value: Json) => [value]),
  fc.constant((value: Json) => (Array.isArray(value) ? value[0] : value)),
  fc.constant((value: Json) => (Array.isArray(value) ? value.toReversed() : value)),
  fc.constantFrom(30, 70, 200).map((levels) => () => deep(levels)),
  fc.jsonValue({ maxDepth: 3 }).map((value) => () => value),
)

const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({ at: fc.nat(10_000), how: hows, doubles: fc.boolean() }),
  { minLength: 1, maxLength: 8 },
)

/** A list with some of it cut, dropped, doubled, moved or mistyped, at any depth; the list itself stays one. */
export const damaged = (sound: readonly object[]): fc.Arbitrary<readonly Json[]> =>
  damages.map((list) => {
    const copy = structuredClone(sound) as Json[]
    for (const { at, how, doubles } of list) {
      const places = placesIn(copy)
      const place = places[at % Math.max(places.length, 1)]
      if (place === undefined) continue
      const { owner, key } = place
      const before = (owner as Record<string, Json>)[key]
      const after = structuredClone(doubles ? before : how(before) === gone ? null : how(before))
      if (Array.isArray(owner)) {
        if (doubles) owner.splice(Number(key), 0, after)
        else if (how(before) === gone) owner.splice(Number(key), 1)
        else owner[Number(key)] = after
      } else if (!doubles) {
        if (how(before) === gone) delete owner[key]
        else owner[key] = after
      } else owner[`${key}s`] = after
    }
    return copy
  })
