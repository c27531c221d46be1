import { expect, test } from 'bun:test'
import { isDesktop } from '../../server/main/browser.ts'

test.each([
  ['a Linux desktop', { DISPLAY: ':0' }, 'linux', true, true],
  ['Wayland', { WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true, true],
  ['a Linux server', {}, 'linux', true, false],
  ['a Mac', {}, 'darwin', true, true],
  ['Windows', {}, 'win32', true, true],
  ['no terminal', { DISPLAY: ':0' }, 'linux', false, false],
  ['systemd', { DISPLAY: ':0', INVOCATION_ID: 'x' }, 'linux', true, false],
  ['PM2', { DISPLAY: ':0', pm_id: '0' }, 'linux', true, false],
  ['SSH', { DISPLAY: ':10', SSH_CONNECTION: 'x' }, 'linux', true, false],
  ['SSH to a Mac', { SSH_TTY: '/dev/ttys0' }, 'darwin', true, false],
  ['a container', { container: 'podman', DISPLAY: ':0' }, 'linux', true, false],
] as const)('a browser on %s', (_, env, platform, terminal, expected) => {
  expect(isDesktop(env, platform, terminal)).toBe(expected)
})
