/** A piece of an answer, in the order in which it came. */
export type Block =
  | { readonly kind: 'thinking'; readonly text: string; readonly signature?: string }
  | { readonly kind: 'redacted'; readonly data: string }
  | { readonly kind: 'text'; readonly text: string }
  /** `input`: the JSON as it came, which may be broken off. */
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: string }

export type StopReason = 'end' | 'calls' | 'length' | 'refused' | 'stopped'

/** One answer as far as it has come. Times are epoch ms; token counts are those the API sent, absent until it did. */
export type Answer = {
  readonly model: string
  readonly blocks: readonly Block[]
  readonly sentAt: number
  readonly firstAt?: number
  readonly endedAt?: number
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly stopReason?: StopReason
  /** Under which the gateway recorded the request. */
  readonly requestId?: string
  readonly fault?: AnswerFault
}

/** `status` 0: no connection; 200: the failure came inside the stream. `type` and `message` are the API's own words. */
export type AnswerFault = {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly requestId?: string
}

/** How an answer ended, for who cannot see it; undefined: not yet. */
export function endingOf(answer: Answer | undefined): 'playground.ready' | 'playground.stopped' | undefined {
  if (answer?.endedAt === undefined) return undefined
  return answer.stopReason === 'stopped' ? 'playground.stopped' : 'playground.ready'
}

export const startAnswer = (sentAt: number, model = ''): Answer => ({ model, blocks: [], sentAt })

export const textOf = ({ blocks }: Pick<Answer, 'blocks'>): string =>
  blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : [])).join('\n\n')

export type Call = Extract<Block, { readonly kind: 'call' }>
export const callsOf = ({ blocks }: Pick<Answer, 'blocks'>): readonly Call[] =>
  blocks.filter((block) => block.kind === 'call')

/** Adds words to the block they belong to: the last one when it is of their kind, else a new one. */
export function withText(answer: Answer, kind: 'text' | 'thinking', text: string, now: number): Answer {
  if (text === '') return answer
  const last = answer.blocks.at(-1)
  const blocks =
    last?.kind === kind
      ? [...answer.blocks.slice(0, -1), { ...last, text: last.text + text }]
      : [...answer.blocks, { kind, text }]
  return { ...answer, blocks, firstAt: answer.firstAt ?? now }
}

export const withBlock = (answer: Answer, block: Block, now: number): Answer => ({
  ...answer,
  blocks: [...answer.blocks, block],
  firstAt: answer.firstAt ?? now,
})

/** Changes the last block of a kind, or the `nth` of them; without one nothing changes. */
export function withChanged<Kind extends Block['kind']>(
  answer: Answer,
  kind: Kind,
  change: (block: Extract<Block, { readonly kind: Kind }>) => Block,
  nth?: number,
): Answer {
  const places = answer.blocks.flatMap((block, index) => (block.kind === kind ? [index] : []))
  const place = nth === undefined ? places.at(-1) : places[nth]
  if (place === undefined) return answer
  const blocks = answer.blocks.map((block, index) =>
    index === place ? change(block as Extract<Block, { readonly kind: Kind }>) : block,
  )
  return { ...answer, blocks }
}
