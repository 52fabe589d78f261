#!/bin/sh
ctx logger info started
