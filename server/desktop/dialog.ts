type Env = Readonly<Record<string, string | undefined>>

export type Answer = 'open' | 'quit' | 'nobody'

const title = 'Claude API Server'

/**
 * A box of the system's own with a text. `running` offers to open the console or to quit, `failed` only to go. `nobody` when the
 * system has no such box: it was not seen.
 */
export async function showDialog(
  kind: 'running' | 'failed',
  text: string,
  env: Env,
  platform: NodeJS.Platform,
): Promise<Answer> {
  const command = commandOf(kind, platform)
  if (command === undefined) return 'nobody'
  try {
    // The text goes as a variable: nothing in it is read as a command.
    const child = Bun.spawn([...command], {
      env: { ...env, DIALOG_TEXT: text },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    })
    const said = await new Response(child.stdout).text()
    if ((await child.exited) !== 0 && kind === 'running') return 'nobody'
    return /Open/.test(said) || said.trim() === 'OK' ? 'open' : 'quit'
  } catch {
    return 'nobody'
  }
}

function commandOf(kind: 'running' | 'failed', platform: NodeJS.Platform): readonly string[] | undefined {
  if (platform === 'darwin') {
    const buttons =
      kind === 'running' ? 'buttons {"Quit", "Open console"} default button 2' : 'buttons {"OK"} default button 1'
    const icon = kind === 'running' ? 'note' : 'stop'
    return [
      'osascript',
      '-e',
      `display dialog (system attribute "DIALOG_TEXT") with title "${title}" ${buttons} with icon ${icon}`,
    ]
  }
  if (platform === 'win32') {
    const buttons = kind === 'running' ? "'OKCancel', 'Information'" : "'OK', 'Error'"
    const script = `Add-Type -AssemblyName System.Windows.Forms; [System.Windows.Forms.MessageBox]::Show($env:DIALOG_TEXT, '${title}', ${buttons})`
    return ['powershell', '-NoProfile', '-NonInteractive', '-WindowStyle', 'Hidden', '-Command', script]
  }
  return undefined
}
