"""The programs of the graphics side: lit meshes and pictures, contact shadows, beams, the shadow map."""

from __future__ import annotations

SHADOW_PX = 3072
"""Side of the shadow map."""

MESH_VERTEX = """
#version 330
in vec3 position; in vec3 normal; in vec3 colour; in float finish;
uniform mat4 view; uniform mat4 model; uniform mat4 light;
out vec3 world; out vec3 n; out vec3 paint; out float gloss; out vec4 lit;
void main() {
    vec4 w = model * vec4(position, 1.0);
    world = w.xyz; n = mat3(model) * normal; paint = colour; gloss = finish;
    lit = light * w; gl_Position = view * w;
}"""
_LIGHT = """
uniform vec3 sun; uniform vec3 sun_colour; uniform vec3 sky; uniform vec3 eye; uniform sampler2DShadow shadow;
float sunlit(vec4 lit, float slope) {
    vec3 p = lit.xyz / lit.w * 0.5 + 0.5;
    if (p.x < 0.0 || p.x > 1.0 || p.y < 0.0 || p.y > 1.0) return 1.0;
    float sum = 0.0; float bias = 0.0012 + 0.002 * slope;
    for (int i = -1; i <= 1; i++) for (int j = -1; j <= 1; j++)
        sum += texture(shadow, vec3(p.xy + vec2(i, j) / SHADOW.0, p.z - bias));
    return sum / 9.0;
}
vec3 tone(vec3 c) { return pow(c / (c + vec3(0.62)) * 1.42, vec3(1.0 / 1.9)); }
""".replace("SHADOW", str(SHADOW_PX))
MESH_FRAGMENT = (
    "#version 330\n"
    + _LIGHT
    + """
in vec3 world; in vec3 n; in vec3 paint; in float gloss; in vec4 lit; out vec4 result;
void main() {
    vec3 albedo = pow(paint, vec3(2.2));
    if (gloss > 1.5) { result = vec4(tone(albedo * 2.6), 1.0); return; }
    vec3 normal = normalize(n); vec3 to_eye = normalize(eye - world);
    if (dot(normal, to_eye) < 0.0) normal = -normal;
    float facing = max(dot(normal, sun), 0.0);
    float s = sunlit(lit, 1.0 - facing);
    float up = 0.5 + 0.5 * normal.z;
    vec3 ambient = mix(sky * 0.42, sky, up) * mix(0.45, 1.0, smoothstep(-0.2, 0.9, world.z));
    vec3 mirror = reflect(-to_eye, normal);
    float fresnel = 0.04 + 0.5 * pow(1.0 - max(dot(normal, to_eye), 0.0), 4.0);
    vec3 reflected = mix(vec3(0.16, 0.16, 0.15), sky * 1.5, smoothstep(-0.15, 0.35, mirror.z)) * fresnel * gloss * 1.4;
    float spark = pow(max(dot(mirror, sun), 0.0), 60.0) * gloss * s;
    result = vec4(tone(albedo * (ambient + sun_colour * facing * s) + reflected + sun_colour * spark * 0.6), 1.0);
}"""
)
PICTURE_VERTEX = """
#version 330
in vec3 position; in vec2 uv; uniform mat4 view; uniform mat4 model; uniform mat4 light;
out vec3 world; out vec2 at; out vec4 lit;
void main() { vec4 w = model * vec4(position, 1.0); world = w.xyz; at = uv; lit = light * w; gl_Position = view * w; }"""
PICTURE_FRAGMENT = (
    "#version 330\n"
    + _LIGHT
    + """
uniform sampler2D picture; uniform vec3 facing_to; uniform float own_light; uniform float wet;
in vec3 world; in vec2 at; in vec4 lit; out vec4 result;
void main() {
    vec3 albedo = pow(texture(picture, at).rgb, vec3(2.2)) * (1.0 - 0.5 * wet);
    float facing = max(dot(facing_to, sun), 0.0);
    float s = sunlit(lit, 1.0 - facing);
    vec3 ambient = sky * (0.55 + 0.45 * facing_to.z);
    result = vec4(tone(albedo * (ambient + sun_colour * facing * s) + albedo * own_light), 1.0);
}"""
)
CONTACT_VERTEX = """
#version 330
in vec2 corner; uniform mat4 view; uniform mat4 model; uniform vec2 half_size; out vec2 at;
void main() { at = corner; gl_Position = view * model * vec4(corner * (half_size + 0.35), 0.015, 1.0); }"""
CONTACT_FRAGMENT = """
#version 330
in vec2 at; uniform vec2 half_size; out vec4 result;
void main() {
    vec2 p = abs(at) * (half_size + 0.35);
    vec2 d = smoothstep(half_size + 0.30, half_size - 0.30, p);
    result = vec4(0.0, 0.0, 0.0, 0.80 * d.x * d.y);
}"""
BEAM_VERTEX = """
#version 330
in vec2 corner; uniform mat4 view; uniform mat4 model; uniform vec2 half_size; uniform float ahead; out vec2 at;
void main() { at = corner; gl_Position = view * model * vec4(corner * half_size + vec2(ahead, 0.0), 0.02, 1.0); }"""
BEAM_FRAGMENT = """
#version 330
in vec2 at; uniform vec3 shine; uniform float beam; out vec4 result;
void main() {
    float pool = smoothstep(1.0, 0.0, length(at));
    float spread = 0.25 + 0.75 * (at.x * 0.5 + 0.5);
    float cone = smoothstep(-1.0, -0.75, at.x) * smoothstep(1.0, -0.4, at.x) * exp(-pow(at.y / spread * 1.6, 2.0));
    result = vec4(shine * mix(pool * pool, cone, beam), 0.0);
}"""
SHADOW_VERTEX = """
#version 330
in vec3 position; uniform mat4 light; uniform mat4 model;
void main() { gl_Position = light * model * vec4(position, 1.0); }"""
SHADOW_FRAGMENT = "#version 330\nvoid main() {}"
