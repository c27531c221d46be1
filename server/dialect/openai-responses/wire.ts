import { Type } from '@sinclair/typebox'
import { ContentEntry } from '../openai-content.ts'
import { FormatEntry } from '../output-format.ts'
import { searchMembers } from '../search-wish.ts'
import { open, optional } from '../validate.ts'

const Text = optional(Type.String())
const Arguments = optional(Type.Union([Type.String(), Type.Object({}, open)]))
const Role = Type.Union([
  Type.Literal('user'),
  Type.Literal('assistant'),
  Type.Literal('system'),
  Type.Literal('developer'),
])

/** An item of `input`, before its kind is known: each is read by its kind (`items` below), so that a new one is no error. */
export const Item = Type.Object({ type: Text, id: Text, role: Text }, open)

const FunctionEntry = Type.Object(
  { name: Text, description: Text, parameters: optional(Type.Object({}, open)), strict: optional(Type.Boolean()) },
  open,
)

/** `{type: "function" | "custom" | "namespace", …}`; any other kind is one that OpenAI's own servers run. */
export const ToolEntry = Type.Object(
  {
    type: Text,
    ...FunctionEntry.properties,
    format: optional(Type.Object({ type: Text, syntax: Text, definition: Text }, open)),
    tools: optional(Type.Array(Type.Unknown())),
    ...searchMembers,
  },
  open,
)

const Operation = Type.Object({}, open)

/** The items we read, each with what we read of it. */
export const items = {
  message: Type.Object({ role: Role, content: ContentEntry }, open),
  reasoning: Type.Object({ encrypted_content: Text }, open),
  functionCall: Type.Object({ call_id: Text, name: Text, namespace: Text, arguments: Arguments }, open),
  customCall: Type.Object({ call_id: Text, name: Text, namespace: Text, input: Text }, open),
  output: Type.Object({ call_id: Text, output: ContentEntry }, open),
  clientCall: Type.Object(
    { call_id: Text, id: Text, action: optional(Operation), operation: optional(Operation) },
    open,
  ),
  clientOutput: Type.Object({ call_id: Text, id: Text, status: Text, output: ContentEntry }, open),
  shellOutput: Type.Object(
    {
      call_id: Text,
      output: Type.Array(
        Type.Object(
          {
            stdout: Text,
            stderr: Text,
            outcome: optional(Type.Object({ type: Text, exit_code: optional(Type.Integer()) }, open)),
          },
          open,
        ),
      ),
    },
    open,
  ),
  compaction: Type.Object({ encrypted_content: Type.String() }, open),
  moreTools: Type.Object({ tools: optional(Type.Array(Type.Unknown())) }, open),
} as const

const NamedTool = Type.Object({ type: Text, name: Text, namespace: Text }, open)

export const ToolChoiceEntry = Type.Union([
  Type.String(),
  Type.Object({ ...NamedTool.properties, mode: Text, tools: optional(Type.Array(NamedTool)) }, open),
])

/** `POST /v1/responses`. */
export const ResponsesBody = Type.Object(
  {
    model: Type.String({ minLength: 1 }),
    input: optional(Type.Union([Type.String(), Type.Array(Type.Unknown())])),
    instructions: Text,
    previous_response_id: Text,
    store: optional(Type.Boolean()),
    tools: optional(Type.Array(ToolEntry)),
    tool_choice: optional(ToolChoiceEntry),
    parallel_tool_calls: optional(Type.Boolean()),
    max_tool_calls: optional(Type.Integer({ minimum: 1 })),
    max_output_tokens: optional(Type.Integer({ minimum: 1 })),
    // Checked and left: the provider has no member for them.
    temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    reasoning: optional(
      Type.Object(
        {
          effort: optional(Type.Unknown()),
          summary: optional(Type.Unknown()),
          generate_summary: optional(Type.Unknown()),
        },
        open,
      ),
    ),
    text: optional(Type.Object({ format: optional(FormatEntry), verbosity: Text }, open)),
    include: optional(Type.Array(Type.String())),
    stream: optional(Type.Boolean()),
    truncation: Text,
    metadata: optional(Type.Object({}, open)),
    prompt_cache_key: Text,
    safety_identifier: Text,
    user: Text,
    // Known and not answerable truthfully: refused by name when they ask for something.
    background: optional(Type.Boolean()),
    conversation: optional(Type.Unknown()),
    prompt: optional(Type.Unknown()),
    top_logprobs: optional(Type.Integer()),
  },
  open,
)
