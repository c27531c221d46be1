import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import Registry from 'prom-client/lib/registry.js'
import type { WatchMemory } from '../lib/watch-memory.ts'

export type RequestOutcome = 'success' | 'failure' | 'cancelled'

/** What is counted, by name. OpenTelemetry's `gen_ai.*` names in Prometheus spelling where they exist. Times in ms. */
export type Metrics = {
  /** One client request has ended. `errorKind` is one of ours, absent for a success. */
  readonly requestEnded: (request: {
    readonly dialect: string
    readonly model: string
    readonly outcome: RequestOutcome
    readonly errorKind?: string
    readonly durationMs: number
    readonly firstTokenMs?: number
  }) => void
  /** `source` says how the figure was come by: `provider`, `estimated` … */
  readonly tokensUsed: (model: string, type: 'input' | 'output', source: string, tokens: number) => void
  readonly streamOpened: () => void
  readonly streamClosed: () => void
  /** One call to the provider; `outcome` is `success`, `cancelled` or an error kind. */
  readonly upstreamAttempted: (outcome: string) => void
  /** A finished reply without the forced tool, or not in the form the caller demanded. */
  readonly wishMissed: (what: string) => void
  /** A reply that was not what was demanded: what became of it. */
  readonly repaired: (what: string, outcome: string) => void
  /** A call whose input was held against its tool's schema, though nobody asked for that. */
  readonly toolCallSeen: (fits: boolean | 'unknown') => void
  /** One web search for a request; `outcome` is `ok` or why it gave nothing. */
  readonly searched: (outcome: string) => void
  /** A request with notes of this kind. */
  readonly noted: (what: string) => void
  /** A rule of the provider's that a refused request broke, or `none` that is known; `outcome`: `repaired` or `refused`. */
  readonly ruleBroken: (rule: string, outcome: 'repaired' | 'refused') => void
  /**
   * A figure that is read when asked for: sizes of caches and queues, accounts by state. Name without the prefix; `limit`: how far it
   * may grow.
   */
  readonly watch: (name: string, help: string, read: () => number, limit?: number) => void
  /** The same with one label: `read` gives a figure for each of its values. */
  readonly watchEach: (name: string, help: string, label: string, read: () => Readonly<Record<string, number>>) => void
  /** Every cache and buffer of bounded size, as one figure with a label and its limit. */
  readonly memory: WatchMemory
  /** What is watched, as it is now. */
  readonly watched: () => readonly Watched[]
  /** Prometheus text, and the content type that goes with it. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

export type Watched = {
  readonly name: string
  readonly help: string
  readonly value: number
  readonly limit: number | null
}

/** Label values come from outside in part: beyond this many different ones they all count as `other`. */
const maxModels = 200
const prefix = 'claude_server_'
const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: `${prefix}requests_total`,
    help: 'Client requests ended.',
    labelNames: ['dialect', 'gen_ai_request_model', 'outcome', 'error_type'],
    registers,
  })
  const duration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'From a request’s arrival to the end of its reply.',
    labelNames: ['dialect', 'outcome'],
    buckets: seconds,
    registers,
  })
  const firstToken = new Histogram({
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'From a request’s arrival to the first content of its reply.',
    labelNames: ['dialect'],
    buckets: seconds,
    registers,
  })
  const tokens = new Counter({
    name: 'gen_ai_client_token_usage_total',
    help: 'Tokens, by how their number was come by.',
    labelNames: ['gen_ai_request_model', 'gen_ai_token_type', 'source'],
    registers,
  })
  const streams = new Gauge({ name: `${prefix}open_streams`, help: 'Replies being streamed now.', registers })
  const attempts = new Counter({
    name: `${prefix}upstream_attempts_total`,
    help: 'Calls to the provider.',
    labelNames: ['outcome'],
    registers,
  })
  const searches = new Counter({
    name: `${prefix}searches_total`,
    help: 'Web searches run for requests, by how they ended.',
    labelNames: ['outcome'],
    registers,
  })
  const missed = new Counter({
    name: `${prefix}wishes_missed_total`,
    help: 'Replies that in the end did not do what was demanded: output format, choice of tools, inputs of strict tools.',
    labelNames: ['what'],
    registers,
  })
  const repairs = new Counter({
    name: `${prefix}repairs_total`,
    help: 'Replies that were not what was demanded at first, by what became of them.',
    labelNames: ['what', 'outcome'],
    registers,
  })
  const toolCalls = new Counter({
    name: `${prefix}tool_inputs_total`,
    help: 'Inputs of tools that are not strict, by whether they fit their schemas; unknown: not judged, which takes too long.',
    labelNames: ['fits'],
    registers,
  })
  const notes = new Counter({
    name: `${prefix}noted_requests_total`,
    help: 'Requests of whose history, tools or reply something was changed or left out, by kind.',
    labelNames: ['what'],
    registers,
  })
  const rules = new Counter({
    name: `${prefix}refused_request_rules_total`,
    help: 'Rules of the provider that requests it refused without a reason had broken; none: the reason was not found.',
    labelNames: ['rule', 'outcome'],
    registers,
  })
  const limits = new Gauge({
    name: `${prefix}limit`,
    help: 'How far a figure may grow, by its name.',
    labelNames: ['of'],
    registers,
  })
  const models = new Set<string>()
  const modelLabel = (model: string): string => {
    if (models.has(model)) return model
    if (models.size >= maxModels || model.length > 100) return 'other'
    models.add(model)
    return model
  }

  const watched: (Omit<Watched, 'value'> & { readonly read: () => number })[] = []
  const watch: Metrics['watch'] = (name, help, read, limit) => {
    watched.push({ name, help, read, limit: limit ?? null })
    if (limit !== undefined) limits.set({ of: name }, limit)
    new Gauge({
      name: prefix + name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }
  const memories = new Map<string, { readonly sizes: (() => number)[]; most: number }>()
  new Gauge({
    name: `${prefix}remembered`,
    help: 'Entries of a cache or a buffer; bytes or characters where its name says so.',
    labelNames: ['of'],
    registers,
    collect() {
      for (const [of, { sizes }] of memories)
        this.set(
          { of },
          sizes.reduce((sum, size) => sum + size(), 0),
        )
    },
  })
  watch('resident_memory_bytes', 'Memory the process holds.', () => process.memoryUsage.rss())
  watch(
    'heap_bytes',
    'What the collector reckons with: objects, garbage among them, and its guess at the buffers that hang on them.',
    () => process.memoryUsage().heapUsed,
  )
  watch('uptime_seconds', 'Since the process started.', () => process.uptime())

  return {
    requestEnded: ({ dialect, model, outcome, errorKind, durationMs, firstTokenMs }) => {
      requests.inc({ dialect, gen_ai_request_model: modelLabel(model), outcome, error_type: errorKind ?? '' })
      duration.observe({ dialect, outcome }, durationMs / 1000)
      if (firstTokenMs !== undefined) firstToken.observe({ dialect }, firstTokenMs / 1000)
    },
    tokensUsed: (model, type, source, count) => {
      if (count > 0) tokens.inc({ gen_ai_request_model: modelLabel(model), gen_ai_token_type: type, source }, count)
    },
    streamOpened: () => streams.inc(),
    streamClosed: () => streams.dec(),
    upstreamAttempted: (outcome) => attempts.inc({ outcome }),
    wishMissed: (what) => missed.inc({ what }),
    repaired: (what, outcome) => repairs.inc({ what, outcome }),
    toolCallSeen: (fits) => toolCalls.inc({ fits: String(fits) }),
    searched: (outcome) => searches.inc({ outcome }),
    noted: (what) => notes.inc({ what }),
    ruleBroken: (rule, outcome) => rules.inc({ rule, outcome }),
    watch,
    watchEach: (name, help, label, read) => {
      new Gauge({
        name: prefix + name,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset()
          for (const [value, figure] of Object.entries(read())) this.set({ [label]: value }, figure)
        },
      })
    },
    memory: (name, size, most) => {
      const memory = memories.get(name) ?? { sizes: [], most: 0 }
      memory.sizes.push(size)
      memory.most += most
      memories.set(name, memory)
      limits.set({ of: `remembered ${name}` }, memory.most)
    },
    watched: () => watched.map(({ read, ...rest }) => ({ ...rest, value: read() })),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
