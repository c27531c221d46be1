import { type Client, homeFile, setAndRun } from './client.ts'
import { lines, yaml } from './spelling.ts'

/** A form of the client's own: what goes into which field. */
const fields = (values: Readonly<Record<string, string>>): string =>
  lines(...Object.entries(values).map(([name, value]) => `${name}: ${value}`))

export const cursor: Client = {
  id: 'cursor',
  name: 'Cursor',
  kind: 'editor',
  bySystem: false,
  snippets: ({ origin, key, model }) => [
    {
      title: 'integrations.cursorWhere',
      language: 'text',
      text: fields({
        'OpenAI API Key': key,
        'Override OpenAI Base URL': `${origin}/v1`,
        'Custom model': model,
      }),
    },
  ],
  notes: ['integrations.cursorServers', 'integrations.cursorNames'],
}

export const cline: Client = {
  id: 'cline',
  name: 'Cline',
  kind: 'editor',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.clineWhere',
      language: 'text',
      text: fields({
        'API Provider': 'OpenAI Compatible',
        'Base URL': `${origin}/v1`,
        'API Key': key,
        'Model ID': model,
      }),
    },
    setAndRun({}, `cline auth -p openai-compatible -b ${origin}/v1 -k ${key} -m ${model}`, system),
  ],
  notes: ['integrations.clineWindow'],
}

export const continueDev: Client = {
  id: 'continue',
  name: 'Continue',
  kind: 'editor',
  bySystem: true,
  snippets: ({ origin, key, model }, system) => [
    {
      title: 'integrations.file',
      file: homeFile('.continue/config.yaml', system),
      language: 'yaml',
      text: lines(
        'name: gateway',
        'version: 1.0.0',
        'schema: v1',
        'models:',
        `  - name: ${yaml(model)}`,
        '    provider: anthropic',
        `    model: ${yaml(model)}`,
        `    apiBase: ${yaml(`${origin}/v1`)}`,
        `    apiKey: ${yaml(key)}`,
        '    roles: [chat, edit, apply]',
        '    capabilities: [tool_use, image_input]',
      ),
    },
  ],
  notes: ['integrations.continueApis'],
}
