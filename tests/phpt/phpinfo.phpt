--TEST--
phpinfo() has a section of ours, and no secret in it
--FILE--
<?php
define('WU_CLOUDWAYS_EMAIL', 'SECRET@example.com');
define('WU_CLOUDWAYS_API_KEY', 'cw_SECRET');
define('WU_CLOUDWAYS_SERVER_ID', 987654321);
define('WU_CLOUDWAYS_APP_ID', 876543219);
define('WU_CLOUDWAYS_API_URL', 'https://SECRET:SECRET@api.example/SECRET');

ob_start();
(new ReflectionExtension('wu_cloudways'))->info();
$section = ob_get_clean();
echo $section;
var_dump(preg_match('/SECRET|987654321|876543219/', $section));

ob_start();
phpinfo(INFO_MODULES);
var_dump(str_contains(ob_get_clean(), trim($section)));
?>
--EXPECTF--
wu_cloudways

wu_cloudways => enabled
Version => %d.%d.%d%S
PHP API => %d
PHP build => %Sthread-safe (%cTS), %r(release|debug)%r
Cloudways API, unless WU_CLOUDWAYS_API_URL says otherwise => https://api.cloudways.com/api/v2
int(0)
bool(true)
