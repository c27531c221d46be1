import path from 'node:path'
import { err, ok } from '../lib/result.ts'
import { escapeXml, isPlain, marker, type PlanService } from './service-plan.ts'

/** An agent of the person; for root a daemon of the machine. */
export const planLaunchd: PlanService = ({ name, program, dataDir: given, user, home, uid, options }) => {
  const isDaemon = uid === 0
  if (isDaemon && user) return err('--user is for a person, not for root. Run it as the person it is for.')
  const library = isDaemon ? '/Library' : path.posix.join(home, 'Library')
  const dataDir = given ?? path.posix.join(library, 'Application Support', name)
  const file = path.posix.join(library, isDaemon ? 'LaunchDaemons' : 'LaunchAgents', `${name}.plist`)
  const words = [program, 'serve', '--data-dir', dataDir, '--no-browser', ...options]
  if (!words.every(isPlain))
    return err('A path with a line end or another control character cannot stand in a property list.')
  const domain = isDaemon ? 'system' : `gui/${uid ?? ''}`
  const service = `${domain}/${name}`
  const log = path.posix.join(dataDir, 'service.log')
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${marker} -->
<plist version="1.0">
<dict>
  <key>Label</key><string>${escapeXml(name)}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((one) => `    <string>${escapeXml(one)}</string>\n`).join('')}  </array>
  <key>WorkingDirectory</key><string>${escapeXml(dataDir)}</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ExitTimeOut</key><integer>40</integer>
  <key>Umask</key><integer>63</integer>
  <key>SoftResourceLimits</key><dict><key>NumberOfFiles</key><integer>65536</integer></dict>
  <key>StandardOutPath</key><string>${escapeXml(log)}</string>
  <key>StandardErrorPath</key><string>${escapeXml(log)}</string>
</dict>
</plist>
`
  return ok({
    file,
    text,
    dataDir,
    makesFolder: true,
    removesFirst: true,
    install: [
      ['launchctl', 'enable', service],
      ['launchctl', 'bootstrap', domain, file],
    ],
    remove: [['launchctl', 'bootout', service]],
    afterRemove: [],
    status: [
      ['launchctl', 'print', service],
      ['launchctl', 'print-disabled', domain],
    ],
    stateOf: ([printed, disabled]) => ({
      running: printed?.code === 0 && /^\s*state = running$/m.test(printed.out),
      enabled:
        disabled?.code === 0 &&
        !disabled.out.split('\n').some((line) => line.includes(`"${name}" => `) && /true|disabled/.test(line)),
    }),
    hint: `Its log, with the set-up code for the first password: ${log}`,
    rights: isDaemon
      ? 'Run it with sudo.'
      : 'Run it in the session of the person it is for, or with sudo for the whole machine.',
  })
}
