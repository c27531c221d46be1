import path from 'node:path'
import { homeFolder } from '../lib/home.ts'

type Env = Readonly<Record<string, string | undefined>>

const folderName = 'Claude-API-Server'

/** Where the desktop application keeps its data when nobody said otherwise. */
export function desktopFolder(env: Env, platform: NodeJS.Platform, home = homeFolder()): string {
  if (platform === 'darwin') return path.join(home, 'Library/Application Support', folderName)
  if (platform === 'win32') return path.join(env.APPDATA || path.join(home, 'AppData/Roaming'), folderName)
  return path.join(env.XDG_DATA_HOME || path.join(home, '.local/share'), folderName)
}

/** Names the browser to take, whatever else is installed. */
export const browserVariable = 'CLAUDE_SERVER_BROWSER'

/** Programs that open one address as a window of its own (`--app`), the system's own first. */
export function browserCandidates(env: Env, platform: NodeJS.Platform, home = homeFolder()): readonly string[] {
  const chosen = env[browserVariable]
  if (chosen) return [chosen]
  if (platform === 'win32') {
    const roots = [env['ProgramFiles(x86)'], env.ProgramFiles, env.LOCALAPPDATA].filter((one) => one !== undefined)
    const files = ['Microsoft/Edge/Application/msedge.exe', 'Google/Chrome/Application/chrome.exe']
    const more = ['BraveSoftware/Brave-Browser/Application/brave.exe', 'Vivaldi/Application/vivaldi.exe']
    return [...files, ...more].flatMap((file) => roots.map((root) => path.join(root, file)))
  }
  if (platform === 'darwin') {
    const names = ['Google Chrome', 'Microsoft Edge', 'Brave Browser', 'Chromium', 'Vivaldi']
    const roots = ['/Applications', path.join(home, 'Applications')]
    return names.flatMap((name) => roots.map((root) => path.join(root, `${name}.app/Contents/MacOS/${name}`)))
  }
  const names = [
    'google-chrome',
    'google-chrome-stable',
    'microsoft-edge',
    'chromium',
    'chromium-browser',
    'brave-browser',
  ]
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name)))
}
