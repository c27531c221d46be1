import path from 'node:path'
import { err, ok } from '../lib/result.ts'
import { escapeXml, isPlain, marker, type PlanService } from './service-plan.ts'

/**
 * A task, not a service: the service manager ends a program that does not speak its protocol. At the start of the machine as
 * LocalService, or at the sign-in of the person.
 */
export const planWindows: PlanService = ({ name, program, dataDir: given, user, home, options }) => {
  const { win32 } = path
  const own = win32.join(user ? win32.join(home, 'AppData', 'Local') : 'C:\\ProgramData', name)
  const dataDir = given ?? own
  const words = ['serve', '--data-dir', dataDir, '--no-browser', ...options]
  for (const one of [program, ...words]) {
    if (!isPlain(one)) return err('A path with a line end or another control character cannot stand in a task.')
    if (/[%"]/.test(one)) return err(`${one}: the Task Scheduler does not take % or " in a path. Move it.`)
  }
  const file = win32.join(user ? win32.join(home, 'AppData', 'Local') : 'C:\\ProgramData', `${name}.task.xml`)
  const principal = user
    ? '<LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>'
    : '<UserId>S-1-5-19</UserId><RunLevel>LeastPrivilege</RunLevel>'
  const text = `<?xml version="1.0" encoding="UTF-16"?>
<!-- ${marker} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>claude-server, AI gateway. ${marker}</Description></RegistrationInfo>
  <Triggers>${user ? '<LogonTrigger><Enabled>true</Enabled></LogonTrigger>' : '<BootTrigger><Enabled>true</Enabled></BootTrigger>'}</Triggers>
  <Principals><Principal id="Author">${principal}</Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(`"${program}"`)}</Command>
      <Arguments>${escapeXml(words.map(argument).join(' '))}</Arguments>
      <WorkingDirectory>${escapeXml(dataDir)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`
  // Everybody may read ProgramData: the folder is kept to the service, the system and administrators.
  const keep = ['*S-1-5-19', '*S-1-5-18', '*S-1-5-32-544'].flatMap((who) => ['/grant:r', `${who}:(OI)(CI)F`])
  const fence = user || given !== undefined ? [] : [['icacls', dataDir, '/inheritance:r', ...keep]]
  const query = `$t = Get-ScheduledTask -TaskName '${name}' -TaskPath '\\'; "$($t.State) $($t.Settings.Enabled)"`
  return ok({
    file,
    text,
    dataDir,
    makesFolder: true,
    removesFirst: true,
    install: [...fence, ['schtasks', '/Create', '/TN', name, '/XML', file], ['schtasks', '/Run', '/TN', name]],
    remove: [
      ['schtasks', '/End', '/TN', name],
      ['schtasks', '/Delete', '/TN', name, '/F'],
    ],
    afterRemove: [],
    status: [['powershell', '-NoProfile', '-NonInteractive', '-Command', query]],
    stateOf: ([task]) => ({
      running: task?.code === 0 && /^Running\b/.test(task.out.trim()),
      enabled: task?.code === 0 && / True$/.test(task.out.trim()),
    }),
    hint: user
      ? 'It runs while you are signed in.'
      : `It runs as LocalService, which must be able to read ${program} and write ${dataDir}.`,
    rights: user ? 'Run it as the person it is for.' : 'Run it as administrator, or with --user for yourself alone.',
  })
}

/** A word as programs on Windows read it. */
const argument = (text: string): string => (/^[\w.:\\/=-]+$/.test(text) ? text : `"${text.replace(/\\+$/, '$&$&')}"`)
