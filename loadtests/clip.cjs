// What artillery sends: the file BODY, the JSON of one recording, read once.
const fs = require("node:fs");

const body = fs.readFileSync(process.env.BODY);

module.exports = {
  recording: (request, _context, _events, done) => {
    request.body = body;
    done();
  },
};
