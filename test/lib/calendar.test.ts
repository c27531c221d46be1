import { expect, test } from 'bun:test'
import { createCalendar } from '../../server/lib/calendar.ts'

const at = (text: string): number => Date.parse(text)

test.each([
  ['UTC', '2026-01-15T12:00:00Z', '2026-01-15', '2026-01-16T00:00:00Z', '2026-02-01T00:00:00Z'],
  ['Asia/Shanghai', '2026-11-28T16:00:00Z', '2026-11-29', '2026-11-29T16:00:00Z', '2026-11-30T16:00:00Z'],
  ['Asia/Shanghai', '2026-11-28T15:59:59Z', '2026-11-28', '2026-11-28T16:00:00Z', '2026-11-30T16:00:00Z'],
  // 23 and 25 hours long
  ['Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29', '2026-03-29T22:00:00Z', '2026-03-31T22:00:00Z'],
  ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25', '2026-10-25T23:00:00Z', '2026-10-31T23:00:00Z'],
  ['UTC', '2026-12-31T23:59:59.999Z', '2026-12-31', '2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
])('in %s at %s it is %s', (zone, now, day, dayEnd, monthEnd) => {
  expect(createCalendar(() => zone)(at(now))).toMatchObject({
    day,
    month: day.slice(0, 7),
    dayEndsAt: at(dayEnd),
    monthEndsAt: at(monthEnd),
  })
})

test('another time zone and a clock that was set back count at once', () => {
  let zone = 'UTC'
  const calendar = createCalendar(() => zone)
  expect(calendar(at('2026-11-28T20:00:00Z')).day).toBe('2026-11-28')
  zone = 'Asia/Shanghai'
  expect(calendar(at('2026-11-28T20:00:00Z')).day).toBe('2026-11-29')
  expect(calendar(at('2026-11-27T20:00:00Z')).day).toBe('2026-11-28')
})
