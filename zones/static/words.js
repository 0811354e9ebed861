// Every text of the editor, Vietnamese and English; the switch between them, which stays; texts of the check, which hold both.

const TEXT = {
  title: ["Giao Lộ – vùng quan sát", "Giao Lộ – scene of a camera"],
  things: ["Danh mục", "Things"], still: ["Khung hình", "Still"], properties: ["Thuộc tính", "Properties"], faults: ["Kiểm tra", "Check"], acts: ["Hành vi nêu được", "Acts it can state"],
  save: ["Lưu", "Save"], undo: ["Hoàn tác", "Undo"], redo: ["Làm lại", "Redo"], undo_why: ["Hoàn tác (Ctrl+Z)", "Undo (Ctrl+Z)"], redo_why: ["Làm lại (Ctrl+Shift+Z, Ctrl+Y)", "Redo (Ctrl+Shift+Z, Ctrl+Y)"],
  fit: ["Vừa khung", "Whole picture"], fit_why: ["Xem cả khung hình (phím 0)", "Show the whole picture (key 0)"], language: ["English", "Tiếng Việt"],
  checking: ["đang kiểm tra…", "checking…"], saved: ["đã lưu", "saved"], can_save: ["có thể lưu", "can be saved"], errors: ["{n} lỗi, chưa lưu được", "{n} errors, cannot be saved yet"],
  saved_as: ["đã lưu bản {n}", "version {n} saved"], not_saved: ["không lưu được: {why}", "not saved: {why}"], no_faults: ["Không có lỗi", "No faults"],
  offline: ["Chương trình không trả lời. Không mất gì: chạy lại `giaolo zones edit`, mở địa chỉ mới, chọn lấy lại.",
    "The program does not answer. Nothing is lost: start `giaolo zones edit` again, open the new address, choose to take it back."],
  draft: ["Lần trước có thay đổi chưa lưu.", "Changes of last time were not saved."], take: ["Lấy lại", "Take them back"], drop: ["Bỏ đi", "Drop them"],
  scene: ["Sơ đồ", "Scene"], camera: ["Camera", "Camera"], draw: ["Vẽ {what}", "Draw {what}"], delete: ["Xóa mục này", "Delete this"], remove: ["Bỏ", "Remove"], remove_what: ["Bỏ: {what}", "Remove: {what}"],
  hours_more: ["Thêm giờ", "Add hours"],
  hint: ["Kéo điểm · nhấp đúp lên cạnh: thêm điểm · Tab: mục kế · Space: điểm kế · mũi tên: dời 1 px (Shift: 10) · Delete: xóa · cuộn: phóng to · kéo chuột phải: dời hình",
    "Drag points · double click on an edge: new point · Tab: next thing · Space: next point · arrows: move 1 px (Shift: 10) · Delete · wheel: zoom · right drag: pan"],
  draw_ends: ["Enter hoặc nhấp đúp: xong · Backspace: bỏ điểm cuối · Esc: thôi.", "Enter or double click: done · Backspace: last point back · Esc: drop it."], draw_esc: ["Esc: thôi.", "Esc: drop it."],
  draw_short: ["Cần thêm {n} điểm.", "{n} more points are needed."],
  draw_stop_lines: ["Vạch dừng: nhấp dọc theo vạch, từ lề này tới lề kia, kể cả chỗ sơn đã mờ.", "Stop line: click along it, from kerb to kerb, where the paint is gone too."],
  draw_approaches: ["Đường vào nút: nhấp từng góc của phần đường xe chạy tới trước vạch dừng, càng dài càng tốt.", "Approach: click the corners of the road on which vehicles come to the stop line, as far as it is seen."],
  draw_junction: ["Trong nút giao: nhấp từng góc của vùng sau vạch dừng, nơi xe đi tiếp vào.", "Junction: click the corners of the area past the stop line, into which vehicles drive on."],
  draw_exits: ["Lối ra: nhấp từng góc của một vùng (không phải một vạch) qua đó xe rời nút theo một hướng.", "Exit: click the corners of an area (not a line) through which vehicles leave in one direction."],
  draw_lanes: ["Làn đường: nhấp từng góc của một làn.", "Lane: click the corners of one lane."], draw_signs: ["Biển báo: nhấp vào biển, hoặc nơi gần nó nhất trong hình.", "Sign: click on it, or nearest to it in the picture."],
  draw_areas: ["Vùng trên đường: nhấp từng góc.", "Area of the road: click its corners."], draw_markings: ["Vạch dọc: nhấp dọc theo vạch, dừng trước nút giao.", "Marking: click along it, and end before the junction."],
  draw_signals: ["Đèn tín hiệu: nhấp hai góc đối diện của cả hộp đèn (cuộn để phóng to).", "Signal head: click two opposite corners of the whole housing (wheel: zoom)."], draw_exclude: ["Vùng bỏ qua: nhấp từng góc.", "Excluded: click its corners."],
  draw_lamp_red: ["Đèn đỏ: nhấp hai góc đối diện của mặt đèn, trên hình thấy nó sáng (phím 1–9).", "Red lamp: click two opposite corners of the lens, on a still that shows it lit (keys 1 to 9)."],
  draw_lamp_yellow: ["Đèn vàng: nhấp hai góc đối diện của mặt đèn.", "Yellow lamp: click two opposite corners of the lens."], draw_lamp_green: ["Đèn xanh: nhấp hai góc đối diện của mặt đèn.", "Green lamp: click two opposite corners of the lens."],
  draw_countdown: ["Ô đếm ngược: nhấp hai góc đối diện.", "Countdown: click two opposite corners."], draw_forward: ["Nhấp một điểm phía nút giao, hẳn sau vạch.", "Click a point on the junction side, well past the line."],
  draw_direction: ["Chiều đi: nhấp điểm đầu rồi điểm cuối, trong làn.", "Direction: click its begin, then its end, inside the lane."], draw_second: ["Vạch thứ hai: nhấp dọc theo vạch.", "Second stripe: click along it."],
  draw_crossable: ["Nhấp một điểm phía vạch đứt.", "Click a point on the broken side."], draw_sign_place: ["Nhấp vào biển.", "Click on the sign."], draw_tape: ["Đo: nhấp hai đầu đoạn.", "Measure: click both ends."],
  forward: ["Đặt lại phía nút giao", "Set the junction side"], direction: ["Vẽ chiều đi", "Draw the direction"], second: ["Vẽ vạch thứ hai", "Draw the second stripe"], crossable: ["Chỉ phía vạch đứt", "Show the broken side"],
  lamp_red: ["Vẽ đèn đỏ", "Draw the red lamp"], lamp_yellow: ["Vẽ đèn vàng", "Draw the yellow lamp"], lamp_green: ["Vẽ đèn xanh", "Draw the green lamp"], countdown: ["Vẽ ô đếm ngược", "Draw the countdown"],
  second_stripe: ["vạch thứ hai", "second stripe"], broken_side: ["phía vạch đứt", "broken side"], sign_place: ["Chỉ chỗ biển trong hình", "Show the sign in the picture"],
  draw_ground: ["Mặt đường: nhấp bốn góc của một hình chữ nhật trên mặt đường, càng lớn càng tốt.", "Ground: click the four corners of a rectangle on the road, the larger the better."],
  draw_gap_along: ["Nhấp hai điểm trên mỗi mép: hai mép làn, hoặc cạnh dọc của hai ô vạch sang đường.", "Click two points on each edge: both of a lane, or long sides of two crosswalk stripes."],
  draw_gap_across: ["Nhấp hai điểm trên mỗi mép: như mép gần và mép xa của vạch sang đường.", "Click two points on each edge: as the near and the far one of a crosswalk."],
  next_count: ["Bước {n}/{of}:", "Step {n} of {of}:"], next_go: ["Làm bước này", "Do this"], next_skip: ["Bỏ qua", "Skip"],
  next_stop_lines: ["vẽ vạch dừng", "draw the stop line"], next_stop_lines_why: ["Từ lề này tới lề kia. Mũi tên chỉ phía nút giao.", "From kerb to kerb. Its arrow points into the junction."],
  next_approaches: ["vẽ đường vào nút", "draw the approach"], next_approaches_why: ["Phần đường xe chạy tới trước vạch dừng. Thiếu nó, hộp không thấy xe từ trước vạch và không báo.", "The road on which vehicles come to the line. Without it the box does not see them before it and reports nobody."],
  next_junction: ["vẽ vùng trong nút giao", "draw the junction"], next_junction_why: ["Sau vạch dừng: nơi người vượt đèn đi tiếp vào.", "Past the stop line, where a runner drives on."],
  next_signals: ["khoanh hộp đèn", "mark the signal head"], next_signals_why: ["Đèn mà xe ở vạch này phải theo; chọn đèn lớn và rõ nhất.", "The one that vehicles at this line obey; the largest and clearest."],
  next_lamps: ["vẽ từng đèn đỏ, vàng, xanh", "draw its lamps: red, yellow, green"], next_lamps_why: ["Đổi hình bằng phím 1–9 để thấy đèn nào sáng.", "Keys 1 to 9 change the still: draw a lamp where it is lit."],
  next_ground: ["đặt mặt đường", "lay the ground"], next_ground_why: ["Cho biết một mét rộng bao nhiêu. Nhấp “Xem xe cộ trong phim” trước: trong lúc đó vẽ tiếp được.", "It tells how wide a metre is. Let it look at the vehicles of the video first: meanwhile draw on."],
  next_exits: ["vẽ các lối ra", "draw the exits"], next_exits_why: ["Cho biết ai rẽ, ai đi thẳng. Mỗi hướng một vùng.", "They tell who turns and who goes straight on. One area for each direction."],
  next_try: ["thử trên phim", "try it on the video"], next_try_why: ["Sẽ báo ai, không báo ai và vì sao. Không gửi gì đi.", "Who would be reported, who not and why. Nothing is sent."],
  next_save: ["lưu", "save"], next_save_why: ["Bản trước được giữ bên cạnh. Muốn nêu hành vi khác: xem “Hành vi nêu được”.", "The last version is kept beside it. For other acts see “Acts it can state”."],
  acts_wanted: ["Hành vi cần tìm", "Acts looked for"], numbers: ["Cỡ hình, số của quy tắc", "Size of the picture, numbers of the rules"], proposing: ["Đang tính…", "Reckoning…"],
  grid: ["Lưới mét", "Metre grid"], grid_why: ["Lưới mét và xe mẫu đúng tỷ lệ (phím G)", "Metre grid and sample vehicles to scale (key G)"], plate: ["biển số", "plate"],
  ground_none: ["Chưa có mặt đường: nhấp + để vẽ bốn góc, hoặc đánh dấu các mép đã biết khoảng cách bên dưới.", "There is no ground yet: click + to draw four corners, or mark edges with a known distance below."],
  ground_size: ["Rộng × dài (mét)", "Width × length (metres)"], ground_corners: ["Từng góc (x, y mét)", "Each corner (x, y in metres)"], ground_broken: ["Bốn điểm chưa thành mặt đường", "The four points make no plane"],
  plate_at: ["Biển số {kind} tại vạch {line}", "Plate of a {kind} at line {line}"], plate_why: ["Dưới {least} px không đọc được", "Below {least} px nothing can be read"],
  lane_width: ["Làn {lane} rộng", "Lane {lane} is wide"], lane_why: ["Làn thường rộng 2,75–3,75 m: ngoài 2,5–4,5 m thì xem lại số mét", "Lanes are mostly 2.75 to 3.75 m wide: outside of 2.5 to 4.5 m look at the metres again"],
  tape: ["Đo một đoạn (ô tô con rộng khoảng 1,8 m)", "Measure (a car is about 1.8 m wide)"], tape_row: ["Đoạn đo", "Measured"], propose: ["Đề xuất mặt đường", "Propose the ground"],
  propose_note: ["Đánh dấu ít nhất hai mép dọc đường (mép làn); thêm hai mép ngang (vạch sang đường) thì chiều dài mới chắc.", "Mark at least two edges along the road (of a lane); only two edges across it (of a crosswalk) make the length sure."],
  gap_along: ["+ Hai mép dọc đường", "+ Two edges along"], gap_across: ["+ Hai mép ngang đường", "+ Two edges across"], gap_along_row: ["Dọc, cách (m)", "Along, apart (m)"], gap_across_row: ["Ngang, cách (m)", "Across, apart (m)"],
  survey_note: ["Hoặc theo xe chạy qua trong phim: cỡ xe đã biết cho tỷ lệ. Cùng với mép đã đánh dấu thì chắc hơn.", "Or by the vehicles that drive by in the video: their known sizes give the scale. Together with marked edges it is surer."],
  survey_go: ["Xem xe cộ trong phim", "Look at the vehicles"], survey_stop: ["Dừng xem", "Stop looking"],
  survey_running: ["Đang xem phim: {n}/{of} giây", "Looking at the video: {n} of {of} s"], survey_done: ["Đã thấy {n} xe dùng được.", "{n} vehicles of use were seen."],
  propose_go: ["Đề xuất", "Propose"], proposed: ["Đã đặt lưới. Sai số ước chừng: ngang {across}, dọc {along}; camera cao {height} m; dấu lệch {px} px. Kéo bốn góc để chỉnh.", "Grid laid. Doubt: across {across}, along {along}; camera {height} m high; marks off by {px} px. Drag the corners to refine it."],
  proposed_unsure: ["Đã đặt lưới, nhưng chưa chắc: ngang {across}, dọc {along}; camera cao {height} m. Đánh dấu thêm mép làn và hai mép ngang đường.", "Grid laid, but it is in doubt: across {across}, along {along}; camera {height} m high. Mark edges of a lane and two edges across the road too."],
  still_why: ["Khung hình khác (phím 1–9)", "Another still (keys 1 to 9)"], still_count: ["{n}/{of} {name}", "{n}/{of} {name}"],
  try: ["Thử", "Try"], try_stop: ["Dừng thử", "Stop"], trial: ["Sẽ báo gì", "What would be found"], try_why: ["Sẽ báo gì trong {n} giây đầu của {video}, với cảnh đang vẽ", "What would be found in the first {n} s of {video}, with the scene as drawn now"],
  try_running: ["Đang xem: {n}/{of} giây…", "Looking: {n} of {of} s…"], try_old: ["Cảnh đã đổi sau lượt thử này: thử lại để biết.", "The scene was changed after this run: try again to know."],
  acts_unknown: ["Sửa lỗi trước đã", "Mend the errors first"], acts_count: ["{n}/{of} hành vi", "{n} of {of} acts"], not_wanted: ["không tìm ở camera này", "not looked for here"],
};

// Fields of the scene, by name; `KIND.name` where a kind means something else by it.
const FIELDS = {
  id: ["Tên", "Name"], begin: ["Từ", "From"], end: ["Đến (trước)", "To (not with it)"], days: ["Các ngày", "Days"], active: ["Có dùng", "In use"], place: ["Địa điểm", "Place"],
  "source.place": ["Nơi đặt", "Stands at"], movement: ["Hướng đi", "Movement"], movements: ["Các hướng đi", "Movements"], classes: ["Loại xe", "Classes"], kind: ["Loại", "Kind"],
  "markings.kind": ["Kiểu vạch (QCVN 41)", "Kind (QCVN 41)"], approach: ["Đường vào", "Approach"], road: ["Thuộc đường", "Belongs to road"], by: ["Một chiều theo", "One way by"],
  centre: ["Vạch tim đường", "Centre line"], edge: ["Vạch mép làn", "Edge line"], arrows: ["Mũi tên trên mặt đường", "Arrows painted"], number: ["Số hiệu biển (QCVN 41)", "Number (QCVN 41)"],
  hours: ["Giờ có hiệu lực", "Hours in force"], order: ["Số quyết định", "Order"], dated: ["Ngày quyết định", "Dated"], picture: ["Tệp ảnh biển", "Picture of the sign"], orientation: ["Chiều đặt đèn", "Orientation"],
  governs: ["Điều khiển vạch dừng", "Governs stop lines"], "signs.governs": ["Có hiệu lực với", "Holds for"], lanes: ["Điều khiển làn", "Governs lanes"], arrow: ["Đèn mũi tên", "Arrow lamp"], source: ["Căn cứ", "Source"],
  "signals.source": ["Nguồn tín hiệu", "State from"], phase: ["Pha của tủ điều khiển", "Phase of the controller"], controller_head: ["Tên ở tủ điều khiển", "Name at the controller"],
  acts: ["Hành vi cần tìm", "Acts looked for"], reference: ["Khung hình đối chiếu", "Reference still"], file: ["Tệp", "File"], sha256: ["SHA-256", "SHA-256"], at: ["Lấy lúc", "Named at"],
  version: ["Bản", "Version"], red_margin_s: ["Đèn đỏ trước đó (giây)", "Red before (seconds)"], line_margin_px: ["Quá vạch (px)", "Past the line (px)"],
  stopped_s: ["Dừng quá vạch (giây)", "Stopped past it (seconds)"], min_track_points: ["Số điểm theo dõi", "Points of a track"], solid_overlap: ["Phần xe lấn vạch", "Share past a solid line"],
  wrong_way_s: ["Ngược chiều (giây)", "Wrong way (seconds)"], wrong_way_px: ["Ngược chiều (px)", "Wrong way (px)"], width: ["Rộng (px)", "Width (px)"], height: ["Cao (px)", "Height (px)"],
};

const OPTIONS = {
  "P.102": ["biển P.102 (cấm đi ngược chiều)", "sign P.102 (no entry against it)"], one_way_road: ["đường một chiều (biển I.407)", "one-way road (sign I.407)"],
  one_way_carriageway: ["phần đường một chiều (đường đôi)", "one-way carriageway (divided road)"], one_way: ["đường một chiều", "one-way road"], divided: ["có dải phân cách giữa", "divided by a median"],
  two_way: ["đường hai chiều", "two-way road"], closed_road: ["đường cấm (sau biển)", "closed road (beyond the sign)"], pavement: ["vỉa hè", "pavement"], emergency_lane: ["làn dừng khẩn cấp", "emergency lane"],
  kerbside: ["chỗ cấm dừng, đỗ", "kerb: no stopping, no parking"], keep_clear: ["vạch 4.4 (cấm dừng trong ô)", "box 4.4 (keep clear)"], crosswalk: ["vạch sang đường", "crosswalk"],
  lane_change: ["đoạn được chuyển làn trước nút", "where lanes may be changed"], turn_waiting: ["vùng chờ rẽ trái (vạch 5.3)", "where left turns wait (marking 5.3)"], mon: ["thứ hai", "Monday"], tue: ["thứ ba", "Tuesday"], wed: ["thứ tư", "Wednesday"], thu: ["thứ năm", "Thursday"],
  fri: ["thứ sáu", "Friday"], sat: ["thứ bảy", "Saturday"], sun: ["chủ nhật", "Sunday"], straight: ["đi thẳng", "straight"], left: ["rẽ trái", "left"], right: ["rẽ phải", "right"], u_turn: ["quay đầu", "U-turn"],
  motorcycle: ["xe máy", "motorcycle"], car: ["ô tô con", "car"], bus: ["xe khách, buýt", "bus"], truck: ["xe tải", "truck"], bicycle: ["xe đạp", "bicycle"], vertical: ["dọc", "vertical"], horizontal: ["ngang", "horizontal"],
  pixels: ["khung hình", "the picture"], controller: ["tủ điều khiển", "a controller"],
};

// What is said while something is drawn.
export const HINTS = Object.keys(TEXT).filter((name) => name.startsWith("draw_") && !["draw_ends", "draw_esc", "draw_short"].includes(name));

export let lang = localStorage.getItem("giaolo.lang") === "en" ? "en" : "vi";
export function switchLanguage() {
  lang = lang === "vi" ? "en" : "vi";
  localStorage.setItem("giaolo.lang", lang);
}

const side = (pair) => pair[lang === "vi" ? 0 : 1];
export const t = (name, values = {}) => side(TEXT[name]).replace(/\{(\w+)\}/g, (_, key) => values[key]);
export const kindName = (about) => about[lang];

const SAYS = {
  no_entry: ["cấm đi vào", "no entry"], no_turn: ["cấm", "no"], no_stopping: ["cấm dừng, đỗ", "no stopping"], no_parking: ["cấm đỗ", "no parking"], lane_for: ["làn dành cho", "lane for"],
  lane_direction: ["hướng đi trên mỗi làn", "direction of each lane"], free_on_red: ["đèn đỏ được", "on red may go"],
};

// The country's own, which the server tells: names of acts, and of each sign what it says, which turns, to whom.
let told = {};
export function learn(words, signs) {
  told = { ...words };
  for (const [number, { says, movements, classes }] of Object.entries(signs)) {
    told[number] = [0, 1].map((i) => {
      const whom = classes.length < 5 ? classes.map((one) => OPTIONS[one][i]).join(", ") : "";
      return `${number}: ${[SAYS[says][i], movements.map((one) => OPTIONS[one][i]).join(", "), whom && (says === "lane_for" ? whom : `(${whom})`)].filter(Boolean).join(" ")}`;
    });
  }
}
export const isAct = (code) => !/\W/.test(code) && !!told[code];
export const option = (value) => (told[value] ? side(told[value]) : OPTIONS[value] ? side(OPTIONS[value]) : String(value));

export function fieldName(kind, name, title) {
  const pair = FIELDS[`${kind}.${name}`] || FIELDS[name];
  return pair ? side(pair) : title || name;
}

// "Việt / English" of the check: the language chosen; what is in one language only stays as it is.
export function chosen(text) {
  const parts = text.split(" / ");
  if (parts.length % 2) return text;
  const half = parts.length / 2;
  return (lang === "vi" ? parts.slice(0, half) : parts.slice(half)).join(" / ");
}
