export default {
  optional: "optional",
  show: "Show the value",
  hide: "Hide the value",
  showAll: "Show all",
  name: "Name",
  value: "Value",
  twice: "Twice: {names}. The last one counts.",
  zoneNow: "{offset} now, it is {time} there",
  noZone: "No such time zone.",
  momentExample: "in 30m, 2030-01-15 09:30 Europe/Berlin",
  pick: "Date and time",
};
