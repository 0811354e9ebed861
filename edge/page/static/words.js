// Every text of the box's page itself, Vietnamese and English, and the switch between them. What is told of the box, its
// cameras and vehicles comes from the box in both languages.

const TEXT = {
  title: ["Giao Lộ – hộp {node}", "Giao Lộ – box {node}"], language: ["English", "Tiếng Việt"], cameras: ["Camera", "Cameras"], live: ["Hình trực tiếp", "Live picture"],
  health: ["Tình trạng hộp", "How the box is"], camera: ["Camera này", "This camera"], details: ["Chi tiết kèm cách khắc phục (tiếng Anh)", "In full, with what to do"],
  acts: ["Hành vi vừa báo", "Acts told lately"], no_acts: ["Chưa báo hành vi nào từ khi chạy", "None told since the start"], plate_read: ["đọc được biển", "plate read"], plate_reading: ["đang đọc biển", "plate being read"], plate_unread: ["chưa đọc được biển", "plate not read"],
  flags: ["{n} điều cần lưu ý", "doubts: {n}"],
  why: ["Vì sao không báo", "Why not"], why_total: ["{n} lượt xe qua vạch hoặc dừng trong vùng không bị báo từ khi chạy; {shown} lượt gần nhất theo lý do:", "Vehicles that passed a line or stood in an area and were not reported since the start: {n}; the newest {shown} by reason:"],
  no_why: ["Chưa có xe nào qua vạch hoặc dừng trong vùng mà không bị báo", "No vehicle has passed a line or stood in an area without being reported"],
  scene: ["Vạch, đèn", "Lines, lamps"], vehicles: ["Xe", "Vehicles"], snapshot: ["Chụp hình cho trình vẽ", "Still for the editor"], record: ["Ghi một phút", "Record a minute"],
  waiting: ["Đang chờ hình…", "Waiting for a picture…"], offline: ["Hộp không trả lời", "The box does not answer"], refused: ["Mở trang với #MÃ ở cuối địa chỉ", "Open the page with #TOKEN at the end of its address"],
  plate: ["biển", "plate"], at: ["lúc {at}", "at {at}"],
  recording_running: ["đang ghi {camera}: {s} giây", "recording {camera}: {s} s"], recording_done: ["đã ghi {s} giây:", "{s} s recorded:"], recording_failed: ["không ghi được: {why}", "not recorded: {why}"],
  no_picture: ["chưa có hình, thử lại", "no picture yet, try again"],
  legend_stop_line: ["vạch dừng", "stop line"], legend_marking: ["vạch dọc", "marking"], legend_lane: ["làn", "lane"], legend_area: ["vùng, nút, lối ra", "area, junction, exit"], legend_vehicle: ["xe (biển ước chừng, px)", "vehicle (its plate about, px)"], legend_small: ["biển dưới {least} px: không đọc được", "plate under {least} px: cannot be read"],
};

export let lang = localStorage.getItem("giaolo.lang") === "en" ? "en" : "vi";
export function switchLanguage() {
  lang = lang === "vi" ? "en" : "vi";
  localStorage.setItem("giaolo.lang", lang);
}
export const t = (name, values = {}) => TEXT[name][lang === "vi" ? 0 : 1].replace(/\{(\w+)\}/g, (_, key) => values[key]);
