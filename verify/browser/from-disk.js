// A page that was opened from disk runs no modules; this old-fashioned script says what to do instead.
if (location.protocol === "file:") document.getElementById("from-disk").hidden = false;
