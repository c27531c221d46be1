import { Type } from '@sinclair/typebox'
import { ContentEntry, PartList } from '../openai-content.ts'
import { FormatEntry } from '../output-format.ts'
import { ThinkingWish } from '../reasoning.ts'
import { searchMembers, UserLocation } from '../search-wish.ts'
import { open, optional } from '../validate.ts'

const Role = Type.Union([
  Type.Literal('system'),
  Type.Literal('developer'),
  Type.Literal('user'),
  Type.Literal('assistant'),
  Type.Literal('tool'),
  Type.Literal('function'),
])

/** A message of the newest turn; past ones are read by `past.ts`, whatever they are. */
export const Message = Type.Object(
  {
    role: Role,
    content: ContentEntry,
    name: optional(Type.String()),
    tool_call_id: optional(Type.String()),
  },
  open,
)

const FunctionEntry = Type.Object(
  {
    name: optional(Type.String()),
    description: optional(Type.String()),
    parameters: optional(Type.Object({}, open)),
    input_schema: optional(Type.Object({}, open)),
    strict: optional(Type.Boolean()),
  },
  open,
)

const Named = Type.Object({ name: optional(Type.String()) }, open)

/** `{type, function: {…}}`, or flat as in the Responses API, or `{name, input_schema}` as in Messages; freeform ones have `custom`. */
export const ToolEntry = Type.Object(
  {
    type: optional(Type.String()),
    function: optional(FunctionEntry),
    custom: optional(Named),
    ...FunctionEntry.properties,
    ...searchMembers,
  },
  open,
)

const NamedTool = Type.Object(
  { type: optional(Type.String()), name: optional(Type.String()), function: optional(Named), custom: optional(Named) },
  open,
)

export const ToolChoiceEntry = Type.Union([
  Type.String(),
  Type.Object(
    {
      type: optional(Type.String()),
      name: optional(Type.String()),
      function: optional(Named),
      custom: optional(Named),
      mode: optional(Type.String()),
      tools: optional(Type.Array(NamedTool)),
      allowed_tools: optional(
        Type.Object(
          {
            mode: optional(Type.String()),
            tools: optional(Type.Array(NamedTool)),
          },
          open,
        ),
      ),
      disable_parallel_tool_use: optional(Type.Boolean()),
    },
    open,
  ),
])

const Limit = optional(Type.Integer({ minimum: 1 }))

/** `POST /v1/chat/completions`, and the Responses-shaped bodies that one client sends there. */
export const ChatBody = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    messages: optional(Type.Array(Type.Unknown())),
    input: optional(Type.Union([Type.String(), Type.Array(Type.Unknown())])),
    instructions: optional(Type.String()),
    system: optional(Type.Union([Type.String(), PartList])),
    tools: optional(Type.Array(ToolEntry)),
    tool_choice: optional(ToolChoiceEntry),
    functions: optional(Type.Array(FunctionEntry)),
    function_call: optional(Type.Union([Type.String(), Named])),
    parallel_tool_calls: optional(Type.Boolean()),
    max_tokens: Limit,
    max_completion_tokens: Limit,
    max_output_tokens: Limit,
    stop: optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    // Checked and left: the provider has no member for them.
    temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    response_format: optional(FormatEntry),
    text: optional(Type.Object({ format: optional(FormatEntry) }, open)),
    reasoning_effort: optional(Type.Unknown()),
    reasoning: optional(Type.Object({ effort: optional(Type.Unknown()) }, open)),
    thinking: optional(ThinkingWish),
    web_search_options: optional(Type.Object({ user_location: UserLocation }, open)),
    stream: optional(Type.Boolean()),
    stream_options: optional(Type.Object({ include_usage: optional(Type.Boolean()) }, open)),
    user: optional(Type.String()),
    safety_identifier: optional(Type.String()),
    prompt_cache_key: optional(Type.String()),
    metadata: optional(Type.Object({ session_id: optional(Type.Unknown()) }, open)),
    // Known and not answerable truthfully: refused by name when they ask for something.
    n: optional(Type.Integer()),
    logprobs: optional(Type.Boolean()),
    top_logprobs: optional(Type.Integer()),
    modalities: optional(Type.Array(Type.String())),
    audio: optional(Type.Unknown()),
    previous_response_id: optional(Type.Unknown()),
    conversation: optional(Type.Unknown()),
    background: optional(Type.Unknown()),
    prompt: optional(Type.Unknown()),
  },
  open,
)
