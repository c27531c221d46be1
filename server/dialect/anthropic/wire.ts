import { Type } from '@sinclair/typebox'
import { ThinkingWish } from '../reasoning.ts'
import { searchMembers } from '../search-wish.ts'
import { open, optional } from '../validate.ts'

/** Blocks are read by their kind (`blocks` below), so that an unknown kind is no error. */
export const Block = Type.Object({ type: Type.String() }, open)
export const BlockList = Type.Array(Type.Union([Type.String(), Block]))
const Content = Type.Union([Type.String(), BlockList, Type.Null()])

const Source = Type.Object(
  {
    type: Type.String(),
    media_type: optional(Type.String()),
    data: optional(Type.String()),
    url: optional(Type.String()),
    content: optional(Type.Union([Type.String(), BlockList])),
  },
  open,
)

/** The content blocks we read, each with what we read of it. */
export const blocks = {
  text: Type.Object({ text: Type.String() }, open),
  image: Type.Object({ source: Source }, open),
  document: Type.Object(
    {
      source: Source,
      title: optional(Type.String()),
      context: optional(Type.String()),
      citations: optional(Type.Object({ enabled: optional(Type.Boolean()) }, open)),
    },
    open,
  ),
  search_result: Type.Object(
    { source: optional(Type.String()), title: optional(Type.String()), content: optional(BlockList) },
    open,
  ),
  thinking: Type.Object({ thinking: Type.String(), signature: optional(Type.String()) }, open),
  redacted_thinking: Type.Object({ data: Type.String() }, open),
  tool_result: Type.Object(
    {
      tool_use_id: Type.String({ minLength: 1 }),
      content: optional(Type.Union([Type.String(), BlockList])),
      is_error: optional(Type.Boolean()),
    },
    open,
  ),
  compaction: Type.Object({ content: optional(Type.String()) }, open),
  tool_reference: Type.Object({ tool_name: Type.String() }, open),
} as const

/** The newest turn; past ones are read by `past.ts`, whatever they are. */
export const Message = Type.Object(
  {
    role: Type.Union([Type.Literal('user'), Type.Literal('assistant'), Type.Literal('system')]),
    content: Content,
    output_config: optional(Type.Object({ effort: optional(Type.Unknown()) }, open)),
  },
  open,
)

/** Stands for "there are more tools" towards another API; never shown to a model. */
export const placeholderTool = 'DeferredToolPlaceholder'

export const ToolEntry = Type.Object(
  {
    type: optional(Type.String()),
    name: optional(Type.String()),
    description: optional(Type.String()),
    input_schema: optional(Type.Object({}, open)),
    defer_loading: optional(Type.Boolean()),
    strict: optional(Type.Boolean()),
    ...searchMembers,
  },
  open,
)

export const ToolChoiceEntry = Type.Object(
  {
    type: Type.Union([Type.Literal('auto'), Type.Literal('any'), Type.Literal('none'), Type.Literal('tool')]),
    name: optional(Type.String()),
    disable_parallel_tool_use: optional(Type.Boolean()),
  },
  open,
)

const Format = Type.Object({ type: Type.String(), schema: optional(Type.Object({}, open)) }, open)

const shared = {
  messages: Type.Array(Type.Unknown(), { minItems: 1 }),
  system: optional(Content),
  tools: optional(Type.Array(ToolEntry)),
  tool_choice: optional(ToolChoiceEntry),
  thinking: optional(ThinkingWish),
  output_config: optional(Type.Object({ effort: optional(Type.Unknown()), format: optional(Format) }, open)),
  output_format: optional(Format),
  max_tokens: optional(Type.Integer({ minimum: 1 })),
  stop_sequences: optional(Type.Array(Type.String())),
  // Checked and left: the provider has no member for them.
  temperature: optional(Type.Number({ minimum: 0, maximum: 1 })),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  stream: optional(Type.Boolean()),
  metadata: optional(Type.Object({ user_id: optional(Type.String()) }, open)),
  conversation_id: optional(Type.String()),
  // Known and not answerable truthfully: refused by name.
  thread: optional(Type.Unknown()),
  compaction: optional(Type.Unknown()),
} as const

/** `POST /v1/messages`. */
export const MessagesBody = Type.Object({ model: Type.String({ minLength: 1 }), ...shared }, open)

/** `POST /v1/messages/count_tokens`: the same, and a model is not always named. */
export const CountBody = Type.Object({ model: optional(Type.String()), ...shared }, open)
