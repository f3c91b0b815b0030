// app.js
import "./base/state.js";
