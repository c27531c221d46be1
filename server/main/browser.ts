type Env = Readonly<Record<string, string | undefined>>

/** Whether somebody sits in front of this start: a terminal on a desktop, not a service, a container or a remote shell. */
export function isDesktop(env: Env, platform: NodeJS.Platform, terminal: boolean): boolean {
  const served = [
    'INVOCATION_ID',
    'JOURNAL_STREAM',
    'PM2_HOME',
    'pm_id',
    'SSH_CONNECTION',
    'SSH_TTY',
    'CI',
    'container',
    'KUBERNETES_SERVICE_HOST',
  ]
  if (!terminal || served.some((name) => env[name] !== undefined)) return false
  if (platform === 'darwin' || platform === 'win32') return true
  return env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined
}

/** Opens the address in the person's browser; false when there was no way to. */
export function openBrowser(url: string, platform: NodeJS.Platform): boolean {
  const command =
    platform === 'darwin' ? ['open', url] : platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url]
  try {
    Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }).unref()
    return true
  } catch {
    return false
  }
}
