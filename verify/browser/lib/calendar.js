// Days (SPEC 12): dates as text, and working days by the calendars that were recorded.

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const AT = /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}\+08:00$/;
const DAY = 86_400_000;

const instant = (date) => Date.parse(`${date}T00:00:00Z`);

/** Whether a value is a day that exists, as YYYY-MM-DD. */
export function isDate(value) {
  if (typeof value !== "string" || !DATE.test(value) || value < "0001") return false;
  const at = instant(value);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === value;
}

export const isAt = (value) => typeof value === "string" && AT.test(value) && isDate(value.slice(0, 10));

export const plusDays = (date, days) => new Date(instant(date) + days * DAY).toISOString().slice(0, 10);

/** POSIX seconds of an entry's `at`, its milliseconds left out. */
export const secondsOf = (at) => Math.floor(Date.parse(at) / 1000);

/** The calendars recorded so far: year -> {holidays, makeup} as sets of days. */
export class Calendars {
  constructor() {
    this.years = new Map();
  }

  record(year, holidays, makeup) {
    this.years.set(year, { holidays: new Set(holidays), makeup: new Set(makeup) });
  }

  /** Whether a day is worked; null in a year without calendar. */
  works(date) {
    const year = this.years.get(Number(date.slice(0, 4)));
    if (!year) return null;
    if (year.makeup.has(date)) return true;
    const weekday = new Date(instant(date)).getUTCDay();
    return weekday >= 1 && weekday <= 5 && !year.holidays.has(date);
  }

  /** Return the n-th working day after a day; null where a year on the way has no calendar. */
  after(date, n) {
    for (let day = date; ; ) {
      day = plusDays(day, 1);
      const worked = this.works(day);
      if (worked === null) return null;
      if (worked && --n === 0) return day;
    }
  }
}
