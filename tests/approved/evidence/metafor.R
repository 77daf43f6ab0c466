# Results of R's metafor on its own example data and on the evidence of reference/evidence.
# usage: Rscript metafor.R EVIDENCE.json OUT.json
# EVIDENCE.json: {"dcr": {"x": [...], "n": [...]}, "orr": {...}}, as tests/evidence writes it.
suppressMessages({library(metafor); library(jsonlite)})
paths <- commandArgs(trailingOnly = TRUE)
evidence <- fromJSON(paths[1])

random <- function(y, v, X = NULL, method, test) {
  fit <- if (is.null(X)) rma(y, v, method = method, test = test, control = list(tol = 1e-12, threshold = 1e-12))
         else rma(y, v, mods = X, method = method, test = test, control = list(tol = 1e-12, threshold = 1e-12))
  found <- list(beta = as.vector(fit$beta), se = fit$se, low = fit$ci.lb, high = fit$ci.ub,
                p = fit$pval, tau2 = fit$tau2, q = fit$QE, q_p = fit$QEp, i2 = fit$I2, h2 = fit$H2)
  if (is.null(X) && method != "EE") {
    told <- predict(fit)
    found$prediction <- c(told$pi.lb, told$pi.ub)
    riley <- predict(fit, pi.type = "riley")
    found$prediction_k_2 <- c(riley$pi.lb, riley$pi.ub)
    spread <- confint(fit, control = list(tol = 1e-10, tau2.max = 1000))$random
    found$tau2_interval <- spread["tau^2", c("ci.lb", "ci.ub")]
    found$i2_interval <- spread["I^2(%)", c("ci.lb", "ci.ub")]
  } else if (!is.null(X)) {
    found$qm <- fit$QM; found$qm_p <- fit$QMp; found$r2 <- fit$R2
  }
  found
}
every <- function(y, v) list(
  fixed = random(y, v, method = "EE", test = "z"),
  dl = random(y, v, method = "DL", test = "z"),
  reml = random(y, v, method = "REML", test = "z"),
  pm = random(y, v, method = "PM", test = "z"),
  reml_hksj = random(y, v, method = "REML", test = "knha"),
  reml_adhoc = random(y, v, method = "REML", test = "adhoc"))
small <- function(y, v, n) {
  fit <- rma(y, v, method = "REML", control = list(tol = 1e-12, threshold = 1e-12))
  classic <- regtest(y, v, model = "lm", predictor = "sei")
  mixed <- regtest(fit, predictor = "sei")
  inverse <- regtest(y, v, ni = n, model = "lm", predictor = "ninv")
  filled <- trimfill(rma(y, v, method = "FE"), estimator = "L0")
  list(egger = list(t = classic$zval, p = classic$pval, df = classic$dfs, slope = as.vector(coef(classic$fit)[2])),
       egger_random = list(z = mixed$zval, p = mixed$pval),
       inverse_n = list(t = inverse$zval, p = inverse$pval),
       trim_and_fill = list(missing = filled$k0, side = filled$side, beta = as.vector(filled$beta), se = filled$se))
}
proportions <- function(x, n) {
  logit <- escalc(measure = "PLO", xi = x, ni = n)
  turned <- escalc(measure = "PFT", xi = x, ni = n)
  fit <- rma.glmm(measure = "PLO", xi = x, ni = n, control = list(glmerCtrl = list(
    optimizer = "bobyqa", optCtrl = list(maxfun = 100000, rhoend = 1e-10))))
  student <- rma.glmm(measure = "PLO", xi = x, ni = n, test = "t", control = list(glmerCtrl = list(
    optimizer = "bobyqa", optCtrl = list(maxfun = 100000, rhoend = 1e-10))))
  told <- predict(fit)
  angle <- rma(turned$yi, turned$vi, method = "REML", control = list(tol = 1e-12, threshold = 1e-12))
  back <- predict(angle, transf = transf.ipft.hm, targs = list(ni = n))
  list(x = x, n = n,
       logit = list(y = as.vector(logit$yi), v = as.vector(logit$vi), fits = every(logit$yi, logit$vi)),
       freeman_tukey = list(y = as.vector(turned$yi), v = as.vector(turned$vi), fits = every(turned$yi, turned$vi),
                            back = c(back$pred, back$ci.lb, back$ci.ub)),
       glmm = list(beta = as.vector(fit$beta), se = fit$se, tau2 = fit$tau2, low = student$ci.lb, high = student$ci.ub,
                   lrt = fit$QE.LRT, lrt_p = fit$QEp.LRT, wald = fit$QE.Wld,
                   prediction = c(told$pi.lb, told$pi.ub), fixed = as.vector(
                     rma.glmm(measure = "PLO", xi = x, ni = n, method = "EE")$beta)))
}

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
size <- with(dat.bcg, tpos + tneg + cpos + cneg)
passive <- escalc(measure = "OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
smoke <- dat.hackshaw1998
hazards <- with(dat.pignon2000, list(y = OmE / V, v = 1 / V))
out <- list(
  versions = list(R = as.character(getRversion()), metafor = as.character(packageVersion("metafor"))),
  bcg = list(y = as.vector(bcg$yi), v = as.vector(bcg$vi), n = size, latitude = dat.bcg$ablat, year = dat.bcg$year,
             fits = every(bcg$yi, bcg$vi), small = small(bcg$yi, bcg$vi, size),
             regression = list(
               reml = random(bcg$yi, bcg$vi, cbind(dat.bcg$ablat), method = "REML", test = "z"),
               dl = random(bcg$yi, bcg$vi, cbind(dat.bcg$ablat), method = "DL", test = "z"),
               pm = random(bcg$yi, bcg$vi, cbind(dat.bcg$ablat), method = "PM", test = "z"),
               reml_hksj = random(bcg$yi, bcg$vi, cbind(dat.bcg$ablat, dat.bcg$year), method = "REML", test = "knha")),
             leave_one_out = leave1out(rma(bcg$yi, bcg$vi, method = "REML"))$estimate),
  hackshaw = list(y = smoke$yi, v = smoke$vi, n = 1 / smoke$vi, fits = every(smoke$yi, smoke$vi),
                  small = small(smoke$yi, smoke$vi, 1 / smoke$vi)),
  pignon = c(hazards, list(fits = every(hazards$y, hazards$v))),
  pritz = proportions(dat.pritz1997$xi, dat.pritz1997$ni),
  debruin = proportions(dat.debruin2009$xi, dat.debruin2009$ni),
  evidence = lapply(evidence, function(one) proportions(one$x, one$n)))
write(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE), paths[2])
