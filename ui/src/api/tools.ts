import { queryOptions } from '@tanstack/solid-query'
import type {
  ToolConfig,
  ToolConfigSave,
  ToolConfigSaved,
  ToolConfigUndone,
} from '../../../server/admin/contract/devtools.ts'
import { call } from './client.ts'

export type Tool = 'claude-code' | 'droid'
/** The password once more, and the code of a second factor. */
type Confirm = { readonly password: string; readonly code?: string }

// Headers hold Latin-1 alone: other passwords go as percent-escapes.
const confirmed = ({ password, code }: Confirm): Readonly<Record<string, string>> => ({
  'x-confirm-password': encodeURIComponent(password),
  ...(code === undefined ? {} : { 'x-confirm-code': code }),
})

const path = (tool: Tool): string => `/v2/devtools/${tool}`

export const tools = {
  save: (tool: Tool, body: ToolConfigSave, confirm?: Confirm) =>
    call<ToolConfigSaved>('POST', `${path(tool)}/config`, body, undefined, confirm && confirmed(confirm)),
  undo: (tool: Tool, confirm: Confirm) =>
    call<ToolConfigUndone>('POST', `${path(tool)}/undo`, {}, undefined, confirmed(confirm)),
} as const

export const toolQueries = {
  config: (tool: Tool) =>
    queryOptions({
      queryKey: ['tool-config', tool],
      queryFn: ({ signal }) => call<ToolConfig>('GET', `${path(tool)}/config`, undefined, signal),
    }),
} as const
